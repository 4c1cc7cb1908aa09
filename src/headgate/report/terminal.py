"""The report as a person reads it: each finding with its code line, then the steps, then one closing line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from headgate.redaction import redacted
from headgate.report.model import Check, Finding, Report, Severity, Status
from headgate.wording import counted

__all__ = ["print_findings", "print_report"]

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.ADVICE: "bold cyan"}
_PLURALS = {Severity.ADVICE: "advice"}
_MARKS = {Status.PASSED: ("ok", "green"), Status.FAILED: ("failed", "bold red"), Status.NOT_RUN: ("not run", "yellow")}
_GUTTER = "      │ "


def print_report(console: Console, report: Report, root: Path) -> None:
    """Print the findings, a line for each step, and the closing count.

    Args:
        console: where to; its width does not cut lines.
        report: what to print.
        root: the folder that the findings' paths are relative to.
    """
    print_findings(console, report.findings, root)
    width = max((len(check.name) for check in report.checks), default=0)
    for check in report.checks:
        _print(console, _step(check, width))
    _print(console, Text("\n" + _closing(report)))


def print_findings(console: Console, findings: Iterable[Finding], root: Path) -> None:
    """Print each finding that nobody consented to, with a blank line after it."""
    for finding in findings:
        if finding.consent is None:
            for line in _finding(finding, root):
                _print(console, line)
            _print(console, Text())


def _print(console: Console, text: Text) -> None:
    # The text is laid out already: no wrapping, so that a path or a statement can be copied whole.
    shown = Text(redacted(text.plain), style=text.style, spans=text.spans)
    console.print(shown, soft_wrap=True, highlight=False)


def _finding(finding: Finding, root: Path) -> Iterator[Text]:
    yield Text.assemble((f"{finding.severity}[{finding.rule}]", _STYLES[finding.severity]), f": {finding.message}")
    if finding.path:
        yield Text(f"  {finding.path}{f':{finding.line}' if finding.line else ''}", style="bold")
    if code := _code_line(finding, root):
        yield Text(f" {finding.line:>4} │ {code}")
    for line in finding.seen:
        yield Text(f"{_GUTTER}{line}")
    for index, line in enumerate(finding.fix):
        yield Text(f"{'   fix  ' if index == 0 else '        '}{line}", style="green")


def _code_line(finding: Finding, root: Path) -> str | None:
    if not (finding.path and finding.line):
        return None
    try:
        lines = (root / finding.path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return lines[finding.line - 1] if finding.line <= len(lines) else None


def _step(check: Check, width: int) -> Text:
    mark, style = _MARKS[check.status]
    seconds = f"  {check.seconds:.1f} s" if check.seconds >= 0.05 else ""
    return Text.assemble((f"{mark:<8}", style), f"{check.name:<{width}}  {check.summary}{seconds}")


def _closing(report: Report) -> str:
    counts = Counter(finding.severity for finding in report.findings if finding.consent is None)
    allowed = sum(finding.consent is not None for finding in report.findings)
    told = [counted(counts[severity], severity, _PLURALS.get(severity)) for severity in Severity if counts[severity]]
    parts = [f"{counted(len(report.revisions), 'new revision')}: {', '.join(told) or 'nothing to fix'}"]
    if allowed:
        parts.append(f"{allowed} allowed by consent")
    if (old := report.history - len(report.revisions)) > 0:
        parts.append(f"{counted(old, 'earlier revision')}: {'run, ' if report.server else ''}not judged")
    if report.server:
        parts.append(report.server)
    return f"{'.  '.join(parts)}.  {report.seconds:.1f} s"
