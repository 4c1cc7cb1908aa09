"""A column whose new type leaves the rows and rebuilds the indexes.

A change of type or collation may leave every row as it is and still sort it otherwise. Then the indexes on the column
are built anew, under the ACCESS EXCLUSIVE lock of ALTER TABLE, for as long as that takes.

It fires when indexes of a table that was there before the change were built anew for a new type or collation of a
column, and the table itself was not. It is silent where they were kept, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._rewrites import name_of, retyped
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for burden in burdens(evidence):
        columns = retyped(burden)
        if not columns or burden.rewritten or not burden.statement.reindexed:
            continue
        names = listed(name_of(one.name) for one in columns)
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait"
            f" while {listed(burden.statement.reindexed)} is built anew for {names}",
            fix=(
                "drop the index concurrently before, and build it concurrently after, each in an autocommit_block:",
                f"REINDEX of {listed(burden.statement.reindexed)} is what takes the time",
            ),
        )


_REVISION = partial(
    example,
    "sort titles by their bytes",
    intent="lists are sorted alike on every machine",
    rollback="goes back to the default collation",
)

RULE = Rule(
    name="type-change-index-rebuild",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="The indexes of a table that was there before are built anew for a new type or collation of a column.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until the indexes are built and the transaction has ended.",
    workaround="Drop the index concurrently before the change, and build it concurrently after it.",
    before=(
        "CREATE TABLE entries (id bigint PRIMARY KEY, title text); CREATE INDEX ix_entries_title ON entries (title)"
    ),
    bad=_REVISION(
        "op.execute('ALTER TABLE entries ALTER COLUMN title TYPE text COLLATE \"POSIX\"')",
        'op.execute("ALTER TABLE entries ALTER COLUMN title TYPE text")',
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    good=_REVISION(
        (
            "with op.get_context().autocommit_block():",
            '    op.drop_index("ix_entries_title", "entries", postgresql_concurrently=True)',
            "op.execute('ALTER TABLE entries ALTER COLUMN title TYPE text COLLATE \"POSIX\"')",
            "with op.get_context().autocommit_block():",
            '    op.create_index("ix_entries_title", "entries", ["title"], postgresql_concurrently=True)',
        ),
        'op.execute("ALTER TABLE entries ALTER COLUMN title TYPE text")',
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    check=_check,
)
