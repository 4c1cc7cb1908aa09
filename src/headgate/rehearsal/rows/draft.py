"""The query that makes rows of a table: one expression a column, over the numbers of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headgate.rehearsal.rows.candidate import Candidate, Maker
from headgate.rehearsal.rows.model import Check, Column, Table

__all__ = ["Block", "Draft", "Slot"]

_PLACE = '"headgate place"'


@dataclass
class Slot:
    """A column that is given values.

    Args:
        column: the column.
        options: the ways to write a value.
        index: which value a row gets, over the row's number.
        own: the column of the same row that it repeats, for a row that points to itself.
    """

    column: Column
    options: list[Candidate]
    index: Maker
    own: str | None = None


@dataclass(frozen=True)
class Block:
    """Rows to make.

    Args:
        first: the number of the first.
        last: the number of the last.
        picks: for each column which option is taken, row for row; from the start again at the end.
        by_row: the first pick is for the first row of the block; else a pick goes with the column's index, so that rows
            which repeat a value repeat the pick.
        leap: after so many rows, the numbers leap ahead by so much.
    """

    first: int
    last: int
    picks: Mapping[str, Sequence[int]]
    by_row: bool = False
    leap: tuple[int, int] = (1, 0)

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass
class Draft:
    """A table with the slots of its columns and the joins that they read from."""

    table: Table
    slots: list[Slot] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)

    def slot(self, name: str) -> Slot:
        """Give the slot of a column."""
        return next(slot for slot in self.slots if slot.column.name == name)

    def insert(self, block: Block, *, conflicts: bool, most: int | None = None, number: str | None = None) -> str:
        """Give the statement that inserts a block's rows, less those that a check refuses.

        Args:
            block: the rows.
            conflicts: rows that a unique index or an exclusion constraint refuses are left out too, by the server:
                https://www.postgresql.org/docs/18/sql-insert.html#SQL-ON-CONFLICT
            most: how many rows to insert at most.
            number: the one row to insert, as an expression.
        """
        names = ", ".join(slot.column.name for slot in self.slots)
        target = f"({names}) OVERRIDING SYSTEM VALUE" if names else ""
        required = [f"{slot.column.name} IS NOT NULL" for slot in self.slots if slot.column.required]
        where = [*required, *(holds for check in self.table.checks for holds in [_holds(check)]), *self.filters]
        for slot in self.slots:
            where += [_domain(slot.column, check) for check in slot.column.checks]
        return (
            f"{self._with()}INSERT INTO {self.table.name} {target} SELECT {names} FROM ({self._rows(block, number)})"
            f" AS {self.table.bare}{_where(where)}"
            f"{'' if most is None else f' LIMIT {most}'}{' ON CONFLICT DO NOTHING' if conflicts else ''}"
        )

    def probe(self, block: Block, columns: Sequence[str], checks: Sequence[Check], number: str | None = None) -> str:
        """Give the query for the places of the rows, made of some columns alone, that checks accept."""
        slots = [self.slot(name) for name in columns]
        where = [f"{slot.column.name} IS NOT NULL" for slot in slots if slot.column.required]
        where += [_holds(check) for check in checks]
        for slot in slots:
            where += [_domain(slot.column, check) for check in slot.column.checks]
        rows = self._rows(block, number, columns)
        return f"{self._with()}SELECT {_PLACE} FROM ({rows}) AS {self.table.bare}{_where(where)}"

    def _with(self) -> str:
        return f"WITH {', '.join(self.tables)} " if self.tables else ""

    def _rows(self, block: Block, number: str | None, columns: Sequence[str] | None = None) -> str:
        slots = [slot for slot in self.slots if columns is None or slot.column.name in columns]
        slots += [self.slot(slot.own) for slot in slots if slot.own and self.slot(slot.own) not in slots]
        indexes = {index: f"i{place}" for place, index in enumerate(sorted({slot.index("n") for slot in slots}))}
        made = [
            f"{_expression(slot, block, 's.' + indexes[slot.index('n')])} AS {slot.column.name}"
            for slot in slots
            if slot.own is None
        ]
        ends = f"{number}::bigint, {number}" if number else f"{block.first}::bigint, {block.last}"
        every, ahead = block.leap
        place = f"n - {block.first}"
        leaped = f"n + ({place}) / {every} * {ahead} AS n" if ahead else "n"
        numbers = f"SELECT {leaped}, {place} AS place FROM generate_series({ends}) AS g (n)"
        # OFFSET 0 keeps the planner from writing an expression out wherever its value is used.
        series = "".join(f", {index} AS {name}" for index, name in indexes.items())
        rows = (
            f"SELECT {', '.join([f's.place AS {_PLACE}', *made])} "
            f"FROM (SELECT n, place{series} FROM ({numbers}) AS g OFFSET 0) AS s {' '.join(self.joins)} OFFSET 0"
        )
        own = [f"made.{slot.own} AS {slot.column.name}" for slot in slots if slot.own is not None]
        if own:
            rows = f"SELECT made.*, {', '.join(own)} FROM ({rows}) AS made"
        present = {slot.column.name for slot in slots}
        generated = [
            f"({column.generated})::{column.cast} AS {column.name}"
            for column in self.table.columns
            if column.generated is not None and (columns is None or set(_mentioned(self.table, column)) <= present)
        ]
        if generated and any(set(check.columns) - present for check in self.table.checks):
            rows = f"SELECT *, {', '.join(generated)} FROM ({rows}) AS {self.table.bare}"
        return rows


def _mentioned(table: Table, column: Column) -> list[str]:
    """The columns that a generated one is computed from, and perhaps some more."""
    return [other.name for other in table.fillable if other.name in (column.generated or "")]


def _expression(slot: Slot, block: Block, index: str) -> str:
    picks = block.picks.get(slot.column.name, (0,))
    used = sorted(set(picks))
    if len(used) == 1:
        return slot.options[used[0]].at(index)
    place = "s.place" if block.by_row else index
    pick = f"('{{{','.join(map(str, picks))}}}'::int[])[1 + ({place}) % {len(picks)}]"
    return f"CASE {pick} {' '.join(f'WHEN {option} THEN {slot.options[option].at(index)}' for option in used)} END"


def _holds(check: Check) -> str:
    return f"({check.expression}) IS NOT FALSE"


def _domain(column: Column, check: str) -> str:
    """A domain's expression calls the value `VALUE`, which is a name like any other outside the domain."""
    return f"(SELECT {check} FROM (SELECT {column.name} AS value) AS domain) IS NOT FALSE"


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
