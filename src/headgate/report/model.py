"""The report: what every rendering is made from, and what `--json` prints.

The dataclasses are the schema. A field is never renamed or given another meaning without a new `SCHEMA_VERSION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from headgate.errors import Exit

__all__ = ["SCHEMA_VERSION", "Check", "Finding", "Report", "Severity", "Status"]

SCHEMA_VERSION = 1


class Severity(StrEnum):
    """How much a finding weighs: an error stops the gate, a warning is told, advice is told on request."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


class Status(StrEnum):
    """What became of a check. `NOT_RUN` is never a pass: its summary says why it could not run."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Finding:
    """A rule that fired.

    Args:
        rule: the rule's name, which is also the name of its file and of its page.
        severity: how much it weighs here.
        message: one line, with the user's own names.
        path: the file, relative to the repository's root; `None` for a finding about the history as a whole.
        line: the line in that file, counted from 1.
        revision: the id of the revision.
        seen: what was observed, a line each.
        fix: what to do, a line each; shown as it is.
        kind: `rule`, or `precondition` for a failure that needs certain rows.
        consent: the reason that the file gives for going on all the same.
    """

    rule: str
    severity: Severity
    message: str
    path: str | None = None
    line: int | None = None
    revision: str | None = None
    seen: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    kind: str = "rule"
    consent: str | None = None


@dataclass(frozen=True)
class Check:
    """One step of the gate.

    Args:
        name: the step, as in `heads` or `rollback`.
        status: what became of it.
        summary: one line that says what was shown, or why it could not be.
        findings: what it found.
        seconds: wall time.
    """

    name: str
    status: Status
    summary: str
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """The result of a gate or a review.

    Args:
        checks: the steps in the order in which they ran.
        server: the server that judged, as in `PostgreSQL 18.4`; `None` when none was needed.
        history: how many revisions the project has.
        revisions: the ids of the revisions that were judged.
        seconds: wall time of the whole.
    """

    checks: tuple[Check, ...]
    server: str | None = None
    history: int = 0
    revisions: tuple[str, ...] = ()
    seconds: float = 0.0
    schema_version: int = field(default=SCHEMA_VERSION)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding of every check, in order."""
        return tuple(finding for check in self.checks for finding in check.findings)

    @property
    def exit(self) -> Exit:
        """The exit code: 1 when an error was found, 2 when a check could not run, else 0."""
        if any(check.status is Status.FAILED for check in self.checks):
            return Exit.FINDINGS
        if any(check.status is Status.NOT_RUN for check in self.checks):
            return Exit.CANNOT_JUDGE
        return Exit.NOTHING_TO_FIX

    def to_json(self) -> Mapping[str, object]:
        """Give the report as plain JSON values."""
        return {"exit": int(self.exit), **asdict(self)}
