"""The weight of work under a lock, by what is known of the tables in production."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headgate import rules
from headgate.catalog import Catalog, Difference
from headgate.rehearsal.evidence import Rehearsed
from headgate.rehearsal.trace import Lock, Statement, Trace, Work
from headgate.report.model import Finding, Severity
from headgate.revisions.file import read
from headgate.rules.rule import Evidence
from headgate.sizes import Size

SMALL, MIDDLING, LARGE = Size(200, 65536), Size(90_000, 20 * 1024**2), Size(210_000_000, 31 * 1024**3)
EXCLUSIVE = Lock("entries", "table", "ACCESS EXCLUSIVE")
SCAN = Statement(
    1,
    "ALTER TABLE entries ALTER title SET NOT NULL",
    "x.py",
    5,
    "upgrade",
    1,
    locks=(EXCLUSIVE,),
    held=(EXCLUSIVE,),
    work=(Work("entries", read=1000),),
    settings={"lock_timeout": "0"},
    tag="ALTER TABLE",
    made=(Difference("column", "entries.title", "changed", "not_null", None, "NOT NULL"),),
)
OBJECTS = Catalog({("table", "entries"): {}, ("column", "entries.title"): {"of": "entries", "not_null": "NOT NULL"}})
Judge = Callable[..., list[Finding]]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Asks one rule about one statement: `judge(rule, statement, sizes, rows=…, not_filled=…)`."""
    path = tmp_path / "x.py"
    path.write_text('revision = "20261122170212"\ndown_revision = None\n')
    file = read(path)
    assert file is not None

    def ask(
        name: str,
        statement: Statement,
        sizes: dict[str, Size],
        *,
        rows: int | None = 1000,
        not_filled: dict[str, str] | None = None,
    ) -> list[Finding]:
        up = Trace(file.id, "up", (statement,), {} if rows is None else {"entries": rows})
        run = Rehearsed(file.id, "18.4", up, None, OBJECTS, OBJECTS, not_filled=not_filled or {})
        evidence = Evidence(file, tmp_path, rehearsed=run, change=(run,), sizes=sizes)
        return list(next(rule for rule in rules.load() if rule.name == name).check(evidence))

    return ask


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, Severity.ERROR),
        ({"other": SMALL}, Severity.ERROR),
        ({"entries": SMALL}, Severity.WARNING),
        ({"entries": LARGE}, Severity.ERROR),
    ],
    ids=["nothing known", "another table known", "small", "large"],
)
def test_work_on_a_table_that_is_small_in_production_is_a_warning(
    judge: Judge, sizes: dict[str, Size], expected: Severity
) -> None:
    """Reading 200 rows under a lock is nothing that anybody notices; of a table that nobody measured it may be."""
    (finding,) = judge("set-not-null", SCAN, sizes)
    assert finding.severity is expected


def test_a_finding_says_how_large_the_table_is_in_production(judge: Judge) -> None:
    """1,000 rehearsed rows frighten nobody; 31 GB do."""
    (finding,) = judge("set-not-null", SCAN, {"entries": LARGE})
    assert finding.seen == (
        "PostgreSQL 18.4: ACCESS EXCLUSIVE on entries, 1,000 of 1,000 rows read under it",
        "blocks SELECT, INSERT, UPDATE, DELETE; grows with the table",
        f"entries has {LARGE.told} in production",
    )


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [({}, Severity.ADVICE), ({"entries": MIDDLING}, Severity.ADVICE), ({"entries": LARGE}, Severity.WARNING)],
    ids=["nothing known", "neither small nor large", "large"],
)
def test_a_lock_for_catalog_work_alone_is_advice_unless_the_table_is_large(
    judge: Judge, sizes: dict[str, Size], expected: Severity
) -> None:
    """Adding a column is over in a moment; what queues behind it on a large, busy table is not."""
    (finding,) = judge("lock-timeout", SCAN, sizes)
    assert finding.severity is expected


def test_work_on_a_table_that_the_change_made_is_silent(judge: Judge) -> None:
    """Nobody can be using a table that is not there yet."""
    assert judge("set-not-null", SCAN, {}, rows=None) == []
    assert judge("lock-timeout", SCAN, {}, rows=None) == []


def test_an_index_built_on_a_table_that_could_not_be_filled_is_told(judge: Judge) -> None:
    """No scan could be seen there, but that a build reads the table is known without one."""
    share = Lock("entries", "table", "SHARE")
    made = (Difference("index", "ix", "added", after="on entries (title)"),)
    build = Statement(
        1, "CREATE INDEX", "x.py", 5, "upgrade", 1, (share,), (share,), built=(("ix", "entries"),), made=made
    )
    (finding,) = judge("index-not-concurrent", build, {}, rows=None, not_filled={"entries": "no value fits its check"})
    assert finding.severity is Severity.ERROR
    assert finding.seen[0] == "PostgreSQL 18.4: SHARE on entries, read under it; no rows could be made for it here"
