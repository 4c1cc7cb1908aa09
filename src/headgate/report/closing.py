"""The closing count: how much was judged, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from headgate.report.model import Finding, Report, Severity
from headgate.wording import counted

__all__ = ["closing", "counts", "not_rehearsed"]

_PLURALS = {Severity.ADVICE: "advice"}
_NAMED = 3


def closing(report: Report, *, untold: bool = False) -> str:
    """Give the closing line.

    Args:
        report: what was found.
        untold: whether the advice was only counted.
    """
    kind = "revision" if report.chosen else "new revision"
    judged = [counted(len(report.revisions), kind) if report.revisions else f"no {kind}"]
    if sent := sum(statement.direction == "up" for statement in report.statements):
        judged.append(counted(sent, "statement"))
    if report.rules:
        judged.append(counted(report.rules, "rule"))
    parts = [f"{', '.join(judged)}: {counts(report.findings, untold=untold) or 'nothing to fix'}"]
    if allowed := sum(finding.consent is not None for finding in report.findings):
        parts.append(f"{allowed} allowed by consent")
    if (old := report.history - len(report.revisions)) > 0:
        parts.append(f"History of {counted(old, 'revision')}: {'run, ' if report.server else ''}not judged")
    if report.server:
        parts.append(report.server)
    return f"{'.  '.join(parts)}.  {report.seconds:.1f} s"


def counts(findings: Iterable[Finding], *, untold: bool = False) -> str:
    """Give `2 errors (1 fixable), 1 precondition`; what is consented to is not counted.

    Args:
        findings: what was found.
        untold: whether the advice was only counted.
    """
    open_ = [finding for finding in findings if finding.consent is None]
    rules = [finding for finding in open_ if finding.kind == "rule"]
    told = []
    for severity in Severity:
        if own := [finding for finding in rules if finding.severity is severity]:
            said = counted(len(own), severity, _PLURALS.get(severity)) + _fixable(own)
            told.append(f"{said} (--advice tells it)" if untold and severity is Severity.ADVICE else said)
    if others := [finding for finding in open_ if finding.kind != "rule"]:
        told.append(counted(len(others), "precondition") + _fixable(others))
    return ", ".join(told)


def not_rehearsed(report: Report) -> Iterator[str]:
    """Name the tables that nothing is known of, because they could not be given rows."""
    tables = {table: reason for revision in report.revisions for table, reason in revision.not_rehearsed.items()}
    for table, reason in islice(tables.items(), _NAMED):
        yield f"not rehearsed: {table} has no rows, {reason}"
    if (more := len(tables) - _NAMED) > 0:
        yield f"not rehearsed: {counted(more, 'more table', 'more tables')}, which --json lists"


def _fixable(findings: list[Finding]) -> str:
    fixable = sum(finding.fixable for finding in findings)
    if not fixable:
        return ""
    return " (fixable)" if fixable == len(findings) else f" ({fixable} fixable)"
