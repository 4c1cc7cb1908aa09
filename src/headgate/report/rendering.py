"""One finding as a person reads it: what, where, the code, what was seen, the repair, and how to consent."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator

from rich.text import Text

from headgate.report.excerpt import Excerpt, Excerpts
from headgate.report.layout import wrapped
from headgate.report.model import Finding, Severity
from headgate.wording import counted, typed

__all__ = ["STYLES", "rendered"]

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.ADVICE: "bold cyan"}
_GUTTER = "      │ "
_DIFF = {"+": "green", "-": "red"}
_LONGEST_DIFF = 24
_DEEPEST = 8


def rendered(
    finding: Finding, excerpts: Excerpts, consentable: Collection[str], width: int | None = None
) -> Iterator[Text]:
    """Give the lines of a finding.

    Args:
        finding: what was found.
        excerpts: the files.
        consentable: the rules that a comment can set aside.
        width: the columns to wrap prose at; `None` not to.
    """
    yield from _head(finding, width)
    excerpt = excerpts.of(finding.path, finding.line)
    if excerpt:
        yield from _code(excerpt)
    gutter = _GUTTER + (excerpt.indent[:_DEEPEST] if excerpt else "")
    for line in finding.seen:
        hanging = f"{gutter}  "
        for index, part in enumerate(wrapped(line, width, len(gutter), len(hanging))):
            yield Text(f"{hanging if index else gutter}{part}")
    yield from _repair(finding, width)
    if finding.line and finding.rule in consentable and not any("headgate: allow" in line for line in finding.fix):
        yield Text(f"   or   # headgate: allow {finding.rule} because <reason>")


def _head(finding: Finding, width: int | None) -> Iterator[Text]:
    is_rule = finding.kind == "rule"
    label = f"{finding.severity}[{finding.rule if is_rule else finding.kind}]"
    first, *more = wrapped(finding.message, width, len(label) + 2, 2)
    yield Text.assemble((label, STYLES[finding.severity]), f": {first}")
    for line in more:
        yield Text(f"  {line}")
    if finding.path:
        place = f"  {finding.path}{f':{finding.line}' if finding.line else ''}"
        yield Text.assemble((place, "bold"), "" if finding.rule in label else f"  {finding.rule}")


def _code(excerpt: Excerpt) -> Iterator[Text]:
    for number, line in enumerate(excerpt.lines, start=excerpt.line):
        yield Text(f" {number:>4} │ {line}".rstrip())
    if excerpt.more:
        yield Text(f"{_GUTTER}{excerpt.indent}… {counted(excerpt.more, 'more line')}")


def _repair(finding: Finding, width: int | None) -> Iterator[Text]:
    lines = [typed("migrate.review --fix")] if finding.fixable else []
    if not finding.diff:
        lines += finding.fix
    indented = 8
    parts = [part for line in lines for part in wrapped(line, width, indented, indented)]
    for index, part in enumerate(parts):
        yield Text(f"{' ' * indented if index else '   fix  '}{part}", style="green")
    for line, style in _diff(finding):
        yield Text(f"      {line}", style=style)


def _diff(finding: Finding) -> Iterator[tuple[str, str]]:
    """The lines of the repair, without the indentation that they have in common."""
    code = textwrap.dedent("\n".join(line[1:] for line in finding.diff)).split("\n")
    for marked, line in list(zip(finding.diff, code, strict=False))[:_LONGEST_DIFF]:
        yield f"{marked[:1]} {line}".rstrip(), _DIFF.get(marked[:1], "")
    if (more := len(finding.diff) - _LONGEST_DIFF) > 0:
        yield f"… {counted(more, 'more line')}", ""
