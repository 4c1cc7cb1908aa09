"""Foreign keys: the rows that a foreign key may point to, numbered, and joined to the rows that are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headgate.rehearsal.rows.model import Column, ForeignKey, Table
from headgate.rehearsal.rows.session import Session

__all__ = ["Link", "keys_of", "link", "named_after"]

# So many parents are enough for children that need not each have one of their own.
_PARENTS = 20_000


@dataclass(frozen=True)
class Link:
    """A foreign key as a part of a query.

    Args:
        tables: common table expressions.
        join: what to join to `s (n)`.
        values: the expression for each column that it decides.
        count: how many rows it may point to.
    """

    tables: tuple[str, ...]
    join: str
    values: Mapping[str, str]
    count: int


def link(
    session: Session, key: ForeignKey, name: str, index: str, fixed: Mapping[str, str], *, every: bool = False
) -> Link:
    """Point a foreign key at the rows of its parent, one after the other.

    Args:
        session: in a transaction.
        key: the foreign key.
        name: for the common table expressions.
        index: the number of the row to point to; it is taken modulo their count.
        fixed: columns of the key that another one has decided already, and their values.
        every: each row of the parent matters, because a child needs one of its own.
    """
    parent = session.value(f"SELECT {key.parent}::regclass")
    pairs = list(zip(key.columns, key.keys, strict=True))
    there = " AND ".join(f"{theirs} IS NOT NULL" for _, theirs in pairs)
    columns = ", ".join(f"{theirs} AS c{place}" for place, (_, theirs) in enumerate(pairs))
    among = ", ".join(theirs for ours, theirs in pairs if ours in fixed)
    window = f"PARTITION BY {among}" if among else ""
    limit = "" if every or fixed else f" LIMIT {_PARENTS}"
    numbered = f"SELECT {columns}, row_number() OVER ({window}) - 1 AS k FROM {parent} WHERE {there}{limit}"
    rows = f"{name} AS MATERIALIZED ({numbered})"
    count = session.value(f"SELECT count(*) FROM (SELECT FROM {parent} WHERE {there}{limit}) AS parent")
    values = {ours: f"{name}.c{place}" for place, (ours, _) in enumerate(pairs) if ours not in fixed}
    if not fixed:
        return Link((rows,), f"LEFT JOIN {name} ON {name}.k = ({index}) % {max(count, 1)}", values, count)
    places = {ours: place for place, (ours, _) in enumerate(pairs) if ours in fixed}
    each = ", ".join(f"c{place}" for place in places.values())
    counts = f"{name}_count AS MATERIALIZED (SELECT {each}, count(*) AS size FROM {name} GROUP BY {each})"
    same = " AND ".join(f"{{0}}.c{place} = {fixed[ours]}" for ours, place in places.items())
    join = (
        f"LEFT JOIN {name}_count ON {same.format(f'{name}_count')} "
        f"LEFT JOIN {name} ON {same.format(name)} AND {name}.k = ({index}) % {name}_count.size"
    )
    return Link((rows, counts), join, values, count)


def keys_of(table: Table) -> frozenset[str]:
    """Give the columns that a foreign key of the table is over."""
    return frozenset(name for key in table.foreign_keys for name in key.columns)


def named_after(column: Column, tables: Mapping[str, Table]) -> ForeignKey | None:
    """Give the foreign key that a column's name promises: `user_id` for a table `user` or `users`.

    Args:
        column: one that no foreign key is over.
        tables: all tables, by their name without quotes and schema.
    """
    word = column.bare.lower().removesuffix("id").rstrip("_")
    if not word or word == column.bare.lower():
        return None
    for name in (word, f"{word}s", f"{word}es", f"{word[:-1]}ies"):
        parent = tables.get(name)
        primary = next((unique for unique in parent.uniques if unique.primary), None) if parent else None
        if parent and primary and len(primary.columns) == 1:
            (key,) = primary.columns
            if parent.column(key).type.oid == column.type.oid:
                return ForeignKey(column.name, (column.name,), parent.oid, (key,), False)
    return None
