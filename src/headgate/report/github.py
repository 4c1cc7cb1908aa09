"""What GitHub Actions shows of a report: an annotation beside the line, and a summary of the job.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from headgate.redaction import redacted
from headgate.report.closing import closing, counts, not_rehearsed
from headgate.report.model import Finding, Report, Severity, Status

__all__ = ["append_summary", "commands", "is_running", "summary"]

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}
_MOST = 10
"""GitHub keeps so many annotations of one kind from one step, and drops the rest without a word."""
_LONGEST = 200
"""Findings in a summary; GitHub refuses one of more than a mebibyte."""
_MARKS = {Status.PASSED: "✅", Status.FAILED: "❌", Status.NOT_RUN: "⚠️"}
_MARKDOWN = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>#|~$@"})


def is_running(environment: Mapping[str, str]) -> bool:
    """Say whether these are the variables of a job of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def commands(report: Report, *, prefix: str = "") -> Iterator[str]:
    """Give a workflow command for each finding, the gravest first; what is consented to has none.

    Args:
        report: what was found.
        prefix: the way from the checkout's top to the folder that finding paths are relative to, as in `shop/`.
    """
    for severity in Severity:
        own = [one for one in report.findings if one.severity is severity and one.consent is None]
        yield from (_annotation(finding, prefix) for finding in own[:_MOST])


def append_summary(path: Path, report: Report) -> None:
    """Add the summary to the file that the job names; one that cannot be written costs nobody the result."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(redacted(summary(report)))
    except OSError:
        return


def summary(report: Report) -> str:
    """Give the report as Markdown."""
    found = [finding for finding in report.findings if finding.consent is None]
    parts = [
        f"### headgate: {counts(found) or 'nothing to fix'}",
        _table(
            ("", "Check", "Shown"),
            *((_MARKS[check.status], check.name, _plain(check.summary)) for check in report.checks),
        ),
    ]
    if found:
        rows = [(f"`{_label(finding)}`", _place(finding), _plain(finding.message)) for finding in found[:_LONGEST]]
        parts.append(_table(("Finding", "Where", "What"), *rows))
    if (more := len(found) - _LONGEST) > 0:
        parts.append(f"… and {more:,} more.")
    parts += [_plain(line) for line in not_rehearsed(report)]
    return "\n\n".join([*parts, _plain(closing(report))]) + "\n\n"


def _annotation(finding: Finding, prefix: str) -> str:
    properties = {"title": _label(finding)}
    if finding.path:
        properties["file"] = f"{prefix}{finding.path}"
    if finding.line:
        properties["line"] = str(finding.line)
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = "\n".join((finding.message, *finding.seen, *(f"fix: {line}" for line in finding.fix[:1]), *finding.fix[1:]))
    return f"::{_COMMANDS[finding.severity]} {told}::{_data(redacted(text))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _label(finding: Finding) -> str:
    return f"{finding.severity}[{finding.rule if finding.kind == 'rule' else finding.kind}]"


def _place(finding: Finding) -> str:
    if not finding.path:
        return ""
    return f"`{finding.path.replace('`', '').replace('|', '')}{f':{finding.line}' if finding.line else ''}`"


def _plain(text: str) -> str:
    """The text with nothing in it that Markdown would take for its own, nor a line end, which would end a table."""
    return " ".join(text.split()).translate(_MARKDOWN)


def _table(*rows: tuple[str, ...]) -> str:
    head, *body = (f"| {' | '.join(cells)} |" for cells in rows)
    return "\n".join([head, f"|{'---|' * len(rows[0])}", *body])
