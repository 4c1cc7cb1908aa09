"""The report: what every rendering is made from, and what `--json` prints.

The dataclasses are the schema, from which `docs/report-schema.json` is written. A field is never renamed or given
another meaning without a new `SCHEMA_VERSION`; one that is added needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Literal

from headgate.errors import Exit
from headgate.report.evidence import JudgedRevision, TracedStatement

__all__ = ["SCHEMA_VERSION", "Check", "Finding", "JudgedRevision", "Kind", "Report", "Severity", "Status"]

SCHEMA_VERSION = 2
"""2: `revisions` holds objects, where 1 held ids; `findings` and `statements` stand at the top."""

Kind = Literal["rule", "precondition"]


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
        fix: what to do, a line each.
        kind: `rule`, or `precondition` for a failure that needs certain rows.
        consent: the reason that the file gives for going on all the same.
        fixable: whether `inv migrate.review --fix` knows the safe form and can write it.
        diff: the repaired code, a line each, which begins with `+`, `-` or a space as in a diff.
        facts: what the server showed and the safe form needs: `constraint`, `not_null`, `type`; of a precondition its
            name with the query that must give 0; of a consent what it `allows`, `from` which line `to` which.
    """

    rule: str
    severity: Severity
    message: str
    path: str | None = None
    line: int | None = None
    revision: str | None = None
    seen: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    kind: Kind = "rule"
    consent: str | None = None
    fixable: bool = False
    diff: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict, hash=False)


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
        revisions: the revisions that were judged.
        seconds: wall time of the whole.
        schema_version: the version of this document's form.
        statements: what the judged revisions sent to the server.
        rules: how many rules were asked.
        chosen: whether the user named the revisions; else they are those that are new.
    """

    checks: tuple[Check, ...]
    server: str | None = None
    history: int = 0
    revisions: tuple[JudgedRevision, ...] = ()
    seconds: float = 0.0
    schema_version: int = SCHEMA_VERSION
    statements: tuple[TracedStatement, ...] = ()
    rules: int = 0
    chosen: bool = False

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
        """Give the report as plain JSON values; `findings` are those of all checks in one list."""
        values = asdict(self)
        head = {name: values.pop(name) for name in ("schema_version", "server", "history", "rules", "seconds")}
        findings = [finding for check in values["checks"] for finding in check["findings"]]
        return {**head, "exit": int(self.exit), "findings": findings, **values}
