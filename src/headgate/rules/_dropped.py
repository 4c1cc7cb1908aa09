"""The columns that a revision dropped, and where their values are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from headgate.rules._change import TABLES, attributes, existed, is_new_column, made, table_of
from headgate.rules._moved import kept_in, original, renames, values
from headgate.rules.rule import Evidence

if TYPE_CHECKING:
    from headgate.rehearsal.trace import Statement

__all__ = ["Dropped", "dropped_columns"]


class Dropped(NamedTuple):
    """One dropped column.

    Args:
        statement: what dropped it.
        table: its table, as it is called where it was dropped.
        column: its name.
        values: how many values it held; `None` where the table could not be given rows.
        kept_in: the column that holds all of them now, as in `users.full_name`.
        twin: a column of the same type that the revision added to the table, which looks like a rename.
    """

    statement: Statement
    table: str
    column: str
    values: int | None
    kept_in: str | None
    twin: str | None

    @property
    def name(self) -> str:
        """The column with its table."""
        return f"{self.table}.{self.column}"


def dropped_columns(evidence: Evidence) -> Iterator[Dropped]:
    """Give each column of a table that was there before the change and is dropped, not renamed."""
    renamed = {(one.statement.number, one.old) for one in renames(evidence, "column")}
    for statement, one in made(evidence, "removed", "column"):
        table = table_of(evidence, one)
        first, column = original(evidence, table), one.name.removeprefix(f"{table}.")
        was = f"{first}.{column}"
        if (statement.number, one.name) in renamed or is_new_column(evidence, was) or not existed(evidence, first):
            continue
        if not any((kind, first) in evidence.run.before.objects for kind in TABLES):
            continue
        held, _ = values(evidence, first, column)
        kept = kept_in(evidence, first, column)
        twin = None if kept else _twin(evidence, table, was, one.name)
        yield Dropped(statement, table, column, held.present if held else None, kept, twin)


def _twin(evidence: Evidence, table: str, was: str, name: str) -> str | None:
    its = attributes(evidence.run.before, "column", was)
    for _, one in made(evidence, "added", "column"):
        new = attributes(evidence.run.after, "column", one.name)
        if one.name != name and new.get("of") == table and new.get("type") == its.get("type"):
            return one.name.removeprefix(f"{table}.")
    return None
