"""The report as a person reads it: each finding with its code, then the steps, then one closing line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from headgate.report.closing import closing, not_rehearsed
from headgate.report.excerpt import Excerpts
from headgate.report.layout import columns, put, wrapped
from headgate.report.model import Check, Finding, Report, Severity, Status
from headgate.report.rendering import rendered
from headgate.wording import counted, typed

__all__ = ["print_findings", "print_report"]

_MARKS = {Status.PASSED: ("ok", "green"), Status.FAILED: ("failed", "bold red"), Status.NOT_RUN: ("not run", "yellow")}
_MANY = 10  # findings of one rule, of which the first few show what it is
_FEW = 3


def print_report(
    console: Console,
    report: Report,
    root: Path,
    *,
    consentable: Collection[str] = (),
    advice: bool = False,
    steps: bool = True,
) -> None:
    """Print the findings, a line for each step, and the closing count.

    Args:
        console: where to. On a terminal, prose is wrapped at its width; code, paths and SQL never are.
        report: what to print.
        root: the folder that the findings' paths are relative to.
        consentable: the rules that a comment can set aside.
        advice: whether to tell every advice, and not only count more than a few.
        steps: whether to tell every step, and not only those that could not run.
    """
    _print_each(console, _open(report.findings, advice), root, consentable)
    width = max((len(check.name) for check in report.checks), default=0)
    told = [check for check in report.checks if steps or check.status is Status.NOT_RUN]
    for check in told:
        put(console, _step(check, width))
    lines = columns(console)
    unknown = [part for line in not_rehearsed(report) for part in wrapped(line, lines, 0, 2)]
    for part in unknown:
        put(console, Text(part, style="yellow"))
    if told or unknown:
        put(console, Text())
    for part in wrapped(closing(report, untold=not advice and _is_much_advice(report.findings)), lines, 0, 0):
        put(console, Text(part))


def print_findings(
    console: Console, findings: Iterable[Finding], root: Path, *, consentable: Collection[str] = ()
) -> None:
    """Print each finding that nobody consented to, with a blank line after it; the arguments are `print_report`'s."""
    found = tuple(findings)
    _print_each(console, _open(found, advice=False), root, consentable)
    if _is_much_advice(found):
        put(console, Text(f"{_advice(found)} advice: {typed('migrate.review --advice')}\n"))


def _print_each(console: Console, findings: list[Finding], root: Path, consentable: Collection[str]) -> None:
    excerpts, width = Excerpts(root), columns(console)
    for finding in _grouped(findings):
        if isinstance(finding, str):
            put(console, Text(f"{finding}\n"))
            continue
        for line in rendered(finding, excerpts, consentable, width):
            put(console, line)
        put(console, Text())


def _open(findings: Iterable[Finding], advice: bool) -> list[Finding]:
    """The findings to tell: what was consented to is not, and much advice hides what matters."""
    found = [finding for finding in findings if finding.consent is None]
    if advice or not _is_much_advice(found):
        return found
    return [finding for finding in found if finding.severity is not Severity.ADVICE]


def _advice(findings: Iterable[Finding]) -> int:
    return sum(finding.severity is Severity.ADVICE and finding.consent is None for finding in findings)


def _is_much_advice(findings: Iterable[Finding]) -> bool:
    return _advice(findings) > _FEW


def _grouped(findings: list[Finding]) -> Iterator[Finding | str]:
    """The findings; where there are many of one rule, the first few and a line that counts the rest."""
    every = Counter(map(_kind, findings))
    told: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        kind = _kind(finding)
        told[kind] += 1
        if every[kind] <= _MANY or told[kind] <= _FEW:
            yield finding
        elif told[kind] == every[kind]:
            hidden = [other for other in findings if _kind(other) == kind][_FEW:]
            files = len({other.path for other in hidden})
            yield f"… and {len(hidden)} more of {finding.rule} in {counted(files, 'file')}: --json lists all"


def _kind(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.kind


def _step(check: Check, width: int) -> Text:
    mark, style = _MARKS[check.status]
    seconds = f"  {check.seconds:.1f} s" if check.seconds >= 0.05 else ""
    return Text.assemble((f"{mark:<8}", style), f"{check.name:<{width}}  {check.summary}{seconds}")
