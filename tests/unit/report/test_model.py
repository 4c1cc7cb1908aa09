"""`headgate.report.model`: the exit code, and the document that `--json` prints."""

from __future__ import annotations

import json

import pytest

from headgate.errors import Exit
from headgate.report.evidence import BuiltIndex, HeldLock, TouchedRows, TracedStatement
from headgate.report.model import SCHEMA_VERSION, Check, Finding, JudgedRevision, Report, Severity, Status

PASSED = Check("heads", Status.PASSED, "one head")
FAILED = Check("names", Status.FAILED, "1 new revision", (Finding("rule", Severity.ERROR, "message"),))
NOT_RUN = Check("drift", Status.NOT_RUN, "not compared")
WARNED = Check("names", Status.PASSED, "1 new revision", (Finding("rule", Severity.WARNING, "message"),))
STATEMENT = TracedStatement(
    revision="1",
    direction="up",
    number=1,
    sql="CREATE INDEX i ON entries (id)",
    path="alembic/versions/1.py",
    line=12,
    function="upgrade",
    transaction=1,
    tag="CREATE INDEX",
    locks=(HeldLock("entries", "table", "SHARE", "INSERT, UPDATE, DELETE"),),
    built=(BuiltIndex("i", "entries"),),
    work=(TouchedRows("entries", 1000, 0, 0, 0, 0),),
    settings={"lock_timeout": "0"},
    seconds=0.25,
)


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
        rule="index-not-concurrent",
        severity=Severity.ERROR,
        message="writers on entries wait",
        path="alembic/versions/1.py",
        line=12,
        revision="1",
        seen=("SHARE on entries",),
        fix=("build it concurrently",),
        consent="40 rows, never grows",
        fixable=True,
        diff=("-op.create_index()", "+op.create_index(postgresql_concurrently=True)"),
        facts={"constraint": "positive"},
    )
    report = Report(
        (Check("rules", Status.PASSED, "1 statement", (finding,), 0.5),),
        server="PostgreSQL 18.4",
        history=3,
        revisions=(JudgedRevision("1", "alembic/versions/1.py", {"entries": 1000}, {"notes": "a circle"}),),
        seconds=1.5,
        statements=(STATEMENT,),
        rules=41,
    )
    told = {
        "rule": "index-not-concurrent",
        "severity": "error",
        "message": "writers on entries wait",
        "path": "alembic/versions/1.py",
        "line": 12,
        "revision": "1",
        "seen": ["SHARE on entries"],
        "fix": ["build it concurrently"],
        "kind": "rule",
        "consent": "40 rows, never grows",
        "fixable": True,
        "diff": ["-op.create_index()", "+op.create_index(postgresql_concurrently=True)"],
        "facts": {"constraint": "positive"},
    }

    assert json.loads(json.dumps(report.to_json())) == {
        "schema_version": SCHEMA_VERSION,
        "server": "PostgreSQL 18.4",
        "history": 3,
        "rules": 41,
        "chosen": False,
        "seconds": 1.5,
        "exit": 0,
        "findings": [told],
        "checks": [{"name": "rules", "status": "passed", "summary": "1 statement", "findings": [told], "seconds": 0.5}],
        "revisions": [
            {
                "id": "1",
                "path": "alembic/versions/1.py",
                "rehearsed": {"entries": 1000},
                "not_rehearsed": {"notes": "a circle"},
            }
        ],
        "statements": [
            {
                "revision": "1",
                "direction": "up",
                "number": 1,
                "sql": "CREATE INDEX i ON entries (id)",
                "path": "alembic/versions/1.py",
                "line": 12,
                "function": "upgrade",
                "transaction": 1,
                "tag": "CREATE INDEX",
                "locks": [
                    {"relation": "entries", "kind": "table", "mode": "SHARE", "blocks": "INSERT, UPDATE, DELETE"}
                ],
                "rewritten": [],
                "truncated": [],
                "reindexed": [],
                "built": [{"index": "i", "table": "entries"}],
                "work": [
                    {"relation": "entries", "read": 1000, "fetched": 0, "inserted": 0, "updated": 0, "deleted": 0}
                ],
                "settings": {"lock_timeout": "0"},
                "notices": [],
                "seconds": 0.25,
                "error": None,
                "concurrent": False,
            }
        ],
    }
