"""A serial column added to a table with rows.

A serial column takes its default from a sequence, a new number for each row, so adding one writes the whole table and
its indexes anew under an ACCESS EXCLUSIVE lock.

It fires when a table that was there before the change was rewritten for a new column that owns the sequence of its
default. It is silent for a plain column that gets the sequence as its default afterwards, and for tables that the same
change created.
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
    return written_anew(RULE, evidence, "serial", "which takes a number from a sequence", _steps)


def _steps(table: str, name: str, its: Attributes) -> tuple[str, ...]:
    type_ = its.get("type", "…")
    sequence = f"{table}_{name}_seq".replace('"', "")
    return (
        execute(f"ALTER TABLE {table} ADD COLUMN {name} {type_}"),
        execute(f"CREATE SEQUENCE {sequence} OWNED BY {table}.{name}"),
        execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT nextval('{sequence}')"),
        "then number the rows that are there, in batches:",
        *batch_of(table, f"{name} = nextval('{sequence}')", f"{name} IS NULL"),
    )


_REVISION = partial(
    example, "number the entries", intent="readers refer to an entry by its number", rollback="drops the column"
)

RULE = Rule(
    name="serial-add",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A serial column is added to a table that was there before.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row and every index is written anew.",
    workaround="Add a plain column, give it a sequence as its default, and number the old rows in batches.",
    before=ENTRIES,
    bad=_REVISION(
        'op.execute("ALTER TABLE entries ADD COLUMN number bigserial")',
        'op.drop_column("entries", "number")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        (
            'op.add_column("entries", sa.Column("number", sa.BigInteger()))',
            'op.execute("CREATE SEQUENCE entries_number_seq OWNED BY entries.number")',
            "op.execute(\"ALTER TABLE entries ALTER COLUMN number SET DEFAULT nextval('entries_number_seq')\")",
        ),
        'op.drop_column("entries", "number")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL",
    check=_check,
)
