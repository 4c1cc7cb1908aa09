"""A generated column that is stored in every row.

The value of a column GENERATED ALWAYS AS … STORED is kept in each row, so adding one, or changing its expression,
writes the whole table and its indexes anew under an ACCESS EXCLUSIVE lock. A VIRTUAL one, since PostgreSQL 18, is
computed when it is read and costs nothing to add; before that a view or a trigger does it.

It fires when a table that was there before the change was rewritten for a stored generated column. It is silent for a
virtual one, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._code import execute
from headgate.rules._example import ENTRIES, example
from headgate.rules._rewrites import written_anew
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.catalog.model import Attributes

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    return written_anew(RULE, evidence, "generated", "which is generated and stored", _steps)


def _steps(table: str, name: str, its: Attributes) -> tuple[str, ...]:
    type_ = its.get("type", "…")
    expression = str(its.get("generated", "generated always as (…) stored")).removesuffix(" stored")
    return (
        execute(f"ALTER TABLE {table} ADD COLUMN {name} {type_} {expression.upper()[:19]}{expression[19:]} VIRTUAL"),
        "on PostgreSQL 18; before it a plain column, kept up by a trigger and filled in batches",
    )


_REVISION = partial(
    example, "give entries the double of their size", intent="reports need it", rollback="drops the column"
)

RULE = Rule(
    name="generated-stored",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A stored generated column is added to a table that was there before, or computed anew.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row and every index is written anew.",
    workaround="Make it VIRTUAL (PostgreSQL 18), or keep a plain column up with a trigger and fill it in batches.",
    before=ENTRIES,
    bad=_REVISION(
        'op.add_column("entries", sa.Column("twice", sa.Numeric(), sa.Computed("size * 2.0", persisted=True)))',
        'op.drop_column("entries", "twice")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        'op.add_column("entries", sa.Column("twice", sa.Numeric(), nullable=True))',
        'op.drop_column("entries", "twice")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/ddl-generated-columns.html",
    check=_check,
)
