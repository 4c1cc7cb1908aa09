"""`headgate.report.model`: the exit code, and the document that `--json` prints."""

from __future__ import annotations

import json

import pytest

from headgate.errors import Exit
from headgate.report.model import SCHEMA_VERSION, Check, Finding, Report, Severity, Status

PASSED = Check("heads", Status.PASSED, "one head")
FAILED = Check("names", Status.FAILED, "1 new revision", (Finding("rule", Severity.ERROR, "message"),))
NOT_RUN = Check("drift", Status.NOT_RUN, "not compared")
WARNED = Check("names", Status.PASSED, "1 new revision", (Finding("rule", Severity.WARNING, "message"),))


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ((), Exit.NOTHING_TO_FIX),
        ((PASSED,), Exit.NOTHING_TO_FIX),
        ((PASSED, WARNED), Exit.NOTHING_TO_FIX),
        ((PASSED, FAILED), Exit.FINDINGS),
        ((PASSED, NOT_RUN), Exit.CANNOT_JUDGE),
        ((NOT_RUN, FAILED), Exit.FINDINGS),
    ],
)
def test_the_exit_code_follows_from_the_checks(checks: tuple[Check, ...], code: Exit) -> None:
    """What could not run is never a pass, and what was found weighs more than what could not be looked for."""
    assert Report(checks).exit is code


def test_the_findings_of_all_checks_stand_in_order() -> None:
    """The renderings need not know of checks."""
    assert Report((FAILED, PASSED, WARNED)).findings == (*FAILED.findings, *WARNED.findings)


def test_the_json_is_the_dataclasses_with_the_exit_code() -> None:
    """Others read it: a field that is renamed here breaks them, so it stands here in full."""
    finding = Finding(
        rule="downgrade-fails",
        severity=Severity.ERROR,
        message="revision 1 does not downgrade",
        path="alembic/versions/1.py",
        line=12,
        revision="1",
        seen=("PostgreSQL 18.4: 42704, no such index",),
        fix=("correct the statement",),
        consent="never taken back",
    )
    report = Report(
        (Check("rollback", Status.PASSED, "1 of 1", (finding,), 0.5),),
        server="PostgreSQL 18.4",
        history=3,
        revisions=("1",),
        seconds=1.5,
    )

    assert json.loads(json.dumps(report.to_json())) == {
        "exit": 0,
        "checks": [
            {
                "name": "rollback",
                "status": "passed",
                "summary": "1 of 1",
                "findings": [
                    {
                        "rule": "downgrade-fails",
                        "severity": "error",
                        "message": "revision 1 does not downgrade",
                        "path": "alembic/versions/1.py",
                        "line": 12,
                        "revision": "1",
                        "seen": ["PostgreSQL 18.4: 42704, no such index"],
                        "fix": ["correct the statement"],
                        "kind": "rule",
                        "consent": "never taken back",
                    }
                ],
                "seconds": 0.5,
            }
        ],
        "server": "PostgreSQL 18.4",
        "history": 3,
        "revisions": ["1"],
        "seconds": 1.5,
        "schema_version": SCHEMA_VERSION,
    }
