"""In which order to fill tables, and which foreign keys have to wait because they go round in a circle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headgate.rehearsal.rows.links import named_after
from headgate.rehearsal.rows.model import ForeignKey, Table

__all__ = ["Step", "order"]


@dataclass(frozen=True)
class Step:
    """A table whose turn it is.

    Args:
        table: the table.
        later: foreign keys that are NULL at first and set when all tables have rows; one to the table itself is.
        forced: foreign keys over columns that may not be NULL, which cannot hold until the other table has rows.
    """

    table: Table
    later: tuple[ForeignKey, ...]
    forced: tuple[ForeignKey, ...]


def order(tables: Sequence[Table]) -> list[Step]:
    """Put parents before children; a circle is cut where it costs least.

    Args:
        tables: all tables; a foreign key to any other table is left alone.
    """
    roots = {leaf.oid: table.oid for table in tables for leaf in table.leaves} | {
        table.oid: table.oid for table in tables
    }
    waiting = {table.oid: table for table in tables}
    names = {table.bare.strip('"'): table for table in tables}
    promised = {
        table.oid: {key.parent for key in (named_after(column, names) for column in table.fillable) if key}
        for table in tables
    }
    needs: Mapping[int, list[ForeignKey]] = {
        table.oid: [key for key in table.foreign_keys if roots.get(key.parent, table.oid) != table.oid]
        for table in tables
    }
    steps = []
    while waiting:
        open_keys = {oid: [key for key in needs[oid] if roots[key.parent] in waiting] for oid in waiting}
        # Of equals the first in the order of names, so that every run takes the same way.
        price = {
            oid: (*_price(waiting[oid], keys), len(promised[oid] & waiting.keys() - {oid}))
            for oid, keys in open_keys.items()
        }
        chosen = min(waiting, key=price.__getitem__)
        table = waiting.pop(chosen)
        own = [key for key in table.foreign_keys if roots.get(key.parent) == table.oid]
        later = [key for key in (*own, *open_keys[chosen]) if _nullable(table, key)]
        forced = [key for key in open_keys[chosen] if not _nullable(table, key)]
        steps.append(Step(table, tuple(later), tuple(forced)))
    return steps


def _price(table: Table, keys: Sequence[ForeignKey]) -> tuple[int, int]:
    return sum(not _nullable(table, key) for key in keys), len(keys)


def _nullable(table: Table, key: ForeignKey) -> bool:
    """Whether NULL in some column satisfies it, and in all of them where it is MATCH FULL."""
    free = [not table.column(name).required for name in key.columns]
    return all(free) if key.full else any(free)
