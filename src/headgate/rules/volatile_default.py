"""A column whose default differs from row to row.

A default that is the same for every row is kept once, in the catalog, and adding the column is quick. One that is
computed for each row, as random(), gen_random_uuid() or clock_timestamp() are, makes PostgreSQL write the whole table
and its indexes anew under an ACCESS EXCLUSIVE lock. now() is the same for all rows of a statement and does no harm.

It fires when a table that was there before the change was rewritten for a new column with a default. It is silent for
a default that PostgreSQL keeps in the catalog, also one from a function of your own that turns out constant, and for
tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._code import execute
from headgate.rules._example import ENTRIES, example
from headgate.rules._rewrites import written_anew
from headgate.rules._rows import batch_of
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.catalog.model import Attributes

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    return written_anew(RULE, evidence, "default", "whose default is computed for each row", _steps)


def _steps(table: str, name: str, its: Attributes) -> tuple[str, ...]:
    type_ = its.get("type", "…")
    default = its.get("default", "…")
    return (
        execute(f"ALTER TABLE {table} ADD COLUMN {name} {type_}"),
        execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default}"),
        "then give the rows that are there their values, in batches:",
        *batch_of(table, f"{name} = {default}", f"{name} IS NULL"),
    )


_REVISION = partial(
    example,
    "give entries a public number",
    intent="links do not give away how many entries there are",
    rollback="drops the column",
)

RULE = Rule(
    name="volatile-default",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A column is added to a table that was there before, with a default that is computed for each row.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row and every index is written anew.",
    workaround="Add the column without a default, set the default, and fill the old rows in batches.",
    before=ENTRIES,
    bad=_REVISION(
        'op.add_column("entries", sa.Column("number", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))',
        'op.drop_column("entries", "number")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        (
            'op.add_column("entries", sa.Column("number", sa.Uuid()))',
            'op.alter_column("entries", "number", server_default=sa.text("gen_random_uuid()"))',
        ),
        'op.drop_column("entries", "number")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    check=_check,
)
