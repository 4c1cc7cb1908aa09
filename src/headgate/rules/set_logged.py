"""A table made logged or unlogged.

SET LOGGED writes the whole table into the write-ahead log, SET UNLOGGED writes it anew outside of it: both under an
ACCESS EXCLUSIVE lock, for as long as the table is large. An unlogged table is empty after a crash of the server, and
is not on any replica.

It fires when a table that was there before the change was rewritten because it became logged or unlogged. It is silent
for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import ENTRIES, example
from headgate.rules._rewrites import stored_otherwise
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    return stored_otherwise(
        RULE, evidence, "persistence", "every row is written anew: the table becomes", usual="logged"
    )


_REVISION = partial(example, "keep entries out of the log", intent="they can be had again", rollback="takes it back")

RULE = Rule(
    name="set-logged",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A table that was there before becomes logged or unlogged.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row and every index is written anew.",
    workaround="Make a new table, copy the rows in batches, swap the names.",
    before=ENTRIES,
    bad=_REVISION(
        'op.execute("ALTER TABLE entries SET UNLOGGED")',
        'op.execute("ALTER TABLE entries SET LOGGED")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        'op.execute("CREATE UNLOGGED TABLE drafts (id bigint PRIMARY KEY, title text)")',
        'op.drop_table("drafts")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-LOGGED-UNLOGGED",
    check=_check,
)
