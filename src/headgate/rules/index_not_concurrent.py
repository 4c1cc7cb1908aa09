"""An index built while writers wait.

CREATE INDEX takes a SHARE lock on its table and keeps it until the transaction ends: every INSERT, UPDATE and DELETE
waits for as long as the build reads the table, and for what the transaction still does afterwards. CREATE INDEX
CONCURRENTLY takes longer, and lets them pass.

It fires when the build read the rows of a table that was there before the change. It is silent for a table that the
same change created, for an index built concurrently, and for what has a rule of its own: the index of a constraint, of
a partitioned table, and one built under a lock that readers wait for as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, create_index
from headgate.rules._example import ENTRIES, example
from headgate.rules._made import attributes, table_of
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for burden in burdens(evidence):
        made = burden.added("index")
        if not made or burden.rewritten or burden.held_before() or burden.on_partitioned(made):
            continue
        tables = listed(table_of(run, burden.statement, one) for one in made)
        known = {one.name: attributes(run, burden.statement, one.kind, one.name) for one in made}
        calls = [create_index(name, its) for name, its in known.items() if its]
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {tables} wait while the index {listed(known)} is built",
            fix=apart(*calls) if calls else ("build it with CREATE INDEX CONCURRENTLY, in an autocommit_block",),
        )


_REVISION = partial(
    example,
    "find the entries of a user without reading them all",
    intent="the list of a user's entries reads the whole table",
    rollback="drops the index",
)

RULE = Rule(
    name="index-not-concurrent",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="An index is built without CONCURRENTLY on a table that was there before.",
    effect="INSERT, UPDATE and DELETE on the table wait until the index is built and the transaction has ended.",
    workaround="Build it concurrently in an autocommit_block, in a revision of its own.",
    before=ENTRIES,
    bad=_REVISION(
        'op.create_index("ix_entries_user_id", "entries", ["user_id"])',
        'op.drop_index("ix_entries_user_id", "entries")',
        risk="builds an index on entries",
    ),
    good=_REVISION(
        (
            "with op.get_context().autocommit_block():",
            '    op.create_index("ix_entries_user_id", "entries", ["user_id"], postgresql_concurrently=True)',
        ),
        (
            "with op.get_context().autocommit_block():",
            '    op.drop_index("ix_entries_user_id", "entries", postgresql_concurrently=True)',
        ),
        risk="builds an index on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
    check=_check,
)
