"""`headgate.report.evidence`: what the rehearsal saw, as plain values."""

from __future__ import annotations

from headgate.rehearsal.trace import Lock, Statement, Trace, Work
from headgate.report.evidence import BuiltIndex, HeldLock, JudgedRevision, TouchedRows, judged, statement_rows

STATEMENT = Statement(
    number=3,
    sql="CREATE INDEX i ON entries (id)",
    path="/home/amy/shop/versions/1.py",
    line=12,
    function="upgrade",
    transaction=None,
    locks=(Lock("entries", "table", "SHARE UPDATE EXCLUSIVE"), Lock("i", "index", "ACCESS EXCLUSIVE")),
    rewritten=("entries",),
    truncated=("notes",),
    reindexed=("j",),
    built=(("i", "entries"),),
    work=(Work("entries", read=1, fetched=2, inserted=3, updated=4, deleted=5),),
    settings={"lock_timeout": "0"},
    notices=("hello",),
    seconds=0.25,
    error="42P07",
    concurrent=True,
    tag="CREATE INDEX",
)
TRACE = Trace("1", "up", (STATEMENT,), {"entries": 1000})


def test_a_statement_keeps_everything_that_a_reader_of_the_report_may_ask() -> None:
    """What is not in the report cannot be asked by those who have nothing else."""
    (row,) = statement_rows(TRACE, "versions/1.py")

    assert (row.revision, row.direction, row.number, row.sql) == ("1", "up", 3, STATEMENT.sql)
    assert (row.path, row.line, row.function, row.transaction) == ("versions/1.py", 12, "upgrade", None)
    assert row.locks == (
        HeldLock("entries", "table", "SHARE UPDATE EXCLUSIVE", ""),
        HeldLock("i", "index", "ACCESS EXCLUSIVE", "SELECT, INSERT, UPDATE, DELETE"),
    )
    assert (row.rewritten, row.truncated, row.reindexed) == (("entries",), ("notes",), ("j",))
    assert row.built == (BuiltIndex("i", "entries"),)
    assert row.work == (TouchedRows("entries", 1, 2, 3, 4, 5),)
    assert (row.settings, row.notices) == ({"lock_timeout": "0"}, ("hello",))
    assert (row.seconds, row.error, row.concurrent, row.tag) == (0.25, "42P07", True, "CREATE INDEX")


def test_a_statement_without_another_path_keeps_its_own() -> None:
    """A tool may look at one revision file that belongs to no project."""
    assert statement_rows(TRACE)[0].path == STATEMENT.path


def test_a_revision_says_on_which_tables_it_was_judged() -> None:
    """A table without rows proves nothing, and whoever relies on the report must see which those are."""
    assert judged("1", "versions/1.py", TRACE, {"notes": "a circle"}) == JudgedRevision(
        "1", "versions/1.py", {"entries": 1000}, {"notes": "a circle"}
    )
    assert judged("1", "versions/1.py") == JudgedRevision("1", "versions/1.py", {}, {})
