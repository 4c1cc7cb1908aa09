"""A column whose new type leaves the rows and reads them all.

A change of type that needs no rewriting can still read the whole table under its ACCESS EXCLUSIVE lock: a check that
names the column is tried on every row again, and a foreign key may be.

It fires when the rows of a table that was there before the change were read for a new type or collation of a column,
and neither table nor indexes were written anew. It is silent where nothing was read, and for tables that the same
change created.
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
        if not columns or burden.rewritten or burden.statement.reindexed:
            continue
        names = listed(name_of(one.name) for one in columns)
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait while every row is read for {names}",
            fix=(
                "drop the checks that name the column first, change the type, add them again NOT VALID,",
                "and validate them in an autocommit_block or in the next revision",
            ),
        )


_REVISION = partial(
    example,
    "allow longer titles",
    intent="some titles are longer than twenty letters",
    rollback="goes back to twenty letters, fails where a title is longer",
)

RULE = Rule(
    name="type-change-scan",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="The rows of a table that was there before are read for a new type or collation of a column.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row has been read and the transaction has ended.",
    workaround="Drop the check first, change the type, add the check NOT VALID and validate it by itself.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title varchar(20) CONSTRAINT named CHECK (title <> ''))",
    bad=_REVISION(
        'op.alter_column("entries", "title", type_=sa.String(200))',
        'op.alter_column("entries", "title", type_=sa.String(20))',
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    good=_REVISION(
        (
            'op.drop_constraint("named", "entries")',
            'op.alter_column("entries", "title", type_=sa.String(200))',
            "op.execute(\"ALTER TABLE entries ADD CONSTRAINT named CHECK (title <> '') NOT VALID\")",
            "with op.get_context().autocommit_block():",
            '    op.execute("ALTER TABLE entries VALIDATE CONSTRAINT named")',
        ),
        'op.alter_column("entries", "title", type_=sa.String(20))',
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    check=_check,
)
