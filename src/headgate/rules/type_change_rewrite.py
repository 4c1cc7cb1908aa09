"""A column whose new type is written into every row.

Where the stored values of the old type are not valid values of the new one as they are, ALTER COLUMN TYPE writes the
whole table and its indexes anew under an ACCESS EXCLUSIVE lock. Some changes need none of that: a longer varchar,
varchar to text, a finer precision; timestamp to timestamptz where TimeZone is UTC.

It fires when a table that was there before the change was rewritten for a new type or collation of a column. It is
silent where PostgreSQL saw no need to, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import execute
from headgate.rules._example import ENTRIES, example
from headgate.rules._rewrites import name_of, retyped
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for burden in burdens(evidence):
        columns = retyped(burden)
        if not columns or not burden.rewritten:
            continue
        names = listed(name_of(one.name) for one in columns)
        one, table = columns[0], burden.table
        yield RULE.finding(
            evidence,
            burden.statement,
            f"{burden.waiting} on {listed(burden.tables)} wait while every row is written anew for {names}",
            seen=(*burden.seen(), f"{name_of(one.name)}: {one.attribute} {one.before} becomes {one.after}"),
            fix=(
                execute(f"ALTER TABLE {table} ADD COLUMN {name_of(one.name)}_new {one.after}"),
                "write both columns from the application, fill the new one in batches, then swap their names",
            ),
            severity=burden.severity,
        )


_REVISION = partial(
    example, "let sizes grow beyond two billion", intent="some files are larger", rollback="goes back to integer"
)

RULE = Rule(
    name="type-change-rewrite",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A column of a table that was there before gets a type for which every row has to be written anew.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row and every index is written anew.",
    workaround="Add a column of the new type, write both, fill it in batches, swap the names.",
    before=ENTRIES,
    bad=_REVISION(
        'op.alter_column("entries", "size", type_=sa.BigInteger())',
        'op.alter_column("entries", "size", type_=sa.Integer())',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        'op.add_column("entries", sa.Column("size_new", sa.BigInteger()))',
        'op.drop_column("entries", "size_new")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    check=_check,
)
