"""Indexes built anew while others wait.

REINDEX takes a SHARE lock on the table, for which writers wait, and an ACCESS EXCLUSIVE lock on each index, for which
every query that plans with it waits, for as long as it reads the table. REINDEX CONCURRENTLY builds the new index
beside the old one.

It fires when an index of a table that was there before the change was built anew, and no change of a column asked for
it. It is silent for REINDEX CONCURRENTLY and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, execute
from headgate.rules._example import example
from headgate.rules._rewrites import retyped
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for burden in burdens(evidence):
        again = burden.statement.reindexed
        if not again or burden.rewritten or retyped(burden):
            continue
        tables = listed(burden.tables)
        one = again[0] if len(again) == 1 else None
        sql = f"REINDEX INDEX CONCURRENTLY {one}" if one else f"REINDEX TABLE CONCURRENTLY {burden.table}"
        yield burden.finding(
            RULE,
            f"writers on {tables} wait while {listed(again)} {'is' if one else 'are'} built anew",
            fix=apart(execute(sql)),
        )


_REVISION = partial(
    example,
    "build the index on the title anew",
    intent="the collation of the system has changed",
    rollback="nothing to take back",
)

RULE = Rule(
    name="reindex-not-concurrent",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="An index of a table that was there before is built anew without CONCURRENTLY.",
    effect="INSERT, UPDATE and DELETE wait until it is built, and so does every query that may use the index.",
    workaround="REINDEX CONCURRENTLY in an autocommit_block.",
    before=(
        "CREATE TABLE entries (id bigint PRIMARY KEY, title text); CREATE INDEX ix_entries_title ON entries (title)"
    ),
    bad=_REVISION('op.execute("REINDEX INDEX ix_entries_title")', "pass", risk="builds an index of entries"),
    good=_REVISION(
        (
            "with op.get_context().autocommit_block():",
            '    op.execute("REINDEX INDEX CONCURRENTLY ix_entries_title")',
        ),
        "pass",
        risk="builds an index of entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY",
    check=_check,
)
