"""What tables hold, column by column, short enough to be compared: how many values, and one number made of them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psycopg

__all__ = ["Contents", "Inhabitants", "Loss", "Values", "losses", "read"]


class Values(NamedTuple):
    """The values of one column: how many are not NULL, and the sum of their hashes, in which order does not matter."""

    present: int
    hashes: int


Contents = Mapping[str, Mapping[str, Values]]
"""The columns of tables, by the SQL names of both. The column `""` counts the rows."""


@dataclass(frozen=True)
class Inhabitants:
    """What is known of a filled database; it holds for every copy of it, because oids are copied too.

    Args:
        rows: the rows of each table, by oid.
        held: the name and the columns of each table, by oid.
        not_filled: the tables without rows, each with the reason.
    """

    rows: Mapping[int, int] = field(default_factory=dict)
    held: Mapping[int, tuple[str, dict[str, Values]]] = field(default_factory=dict)
    not_filled: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Loss:
    """What a table held before an upgrade, and does not hold after the upgrade and its downgrade.

    Args:
        table: its SQL name.
        column: the column; empty for whole rows.
        before: how many values, or rows, there were.
        after: how many there are; as many as before when they are others.
    """

    table: str
    column: str
    before: int
    after: int

    @property
    def gone(self) -> bool:
        """Whether values are missing, and not just others than before."""
        return self.after < self.before


def read(connection: psycopg.Connection[Any], tables: Iterable[int]) -> dict[int, tuple[str, dict[str, Values]]]:
    """Read what tables hold, in one statement.

    Values are compared as text, which is what a type that is changed to another and back keeps.

    Args:
        connection: a connection of headgate's own.
        tables: their oids; one that is no more is left out.
    """
    columns: dict[int, tuple[str, list[str]]] = {}
    for oid, table, column in connection.execute(_COLUMNS, {"tables": list(tables)}):
        columns.setdefault(oid, (table, []))[1].append(column)
    if not columns:
        return {}
    queries = [_query(oid, table, names) for oid, (table, names) in columns.items()]
    found: dict[int, tuple[str, dict[str, Values]]] = {}
    for oid, counts, hashes in connection.execute(" UNION ALL ".join(queries).encode()):
        table, names = columns[oid]
        values = [Values(int(count), int(sum_ or 0)) for count, sum_ in zip(counts, hashes, strict=True)]
        found[oid] = table, dict(zip(["", *names], values, strict=True))
    return found


def losses(before: Contents, after: Contents) -> Iterator[Loss]:
    """Give what is in `before` and not in `after`, by table and column.

    Args:
        before: what the tables held.
        after: what those of them hold that were touched since; a table that is missing here was left alone.
    """
    for table, columns in before.items():
        if table not in after:
            continue
        now = after[table]
        rows, left = columns[""].present, now[""].present if "" in now else 0
        if left < rows:
            yield Loss(table, "", rows, left)
            continue
        for column, values in columns.items():
            there = now.get(column, Values(0, 0))
            if column and there != values and values.present:
                yield Loss(table, column, values.present, min(there.present, values.present))


# A name has its schema exactly when that is not "public", as in the catalog and in a trace.
_COLUMNS = """
SELECT c.oid, CASE WHEN n.nspname = 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname),
       quote_ident(a.attname)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = ANY (%(tables)s::oid[]) AND c.relkind IN ('r', 'p')
ORDER BY c.oid, a.attnum
"""


def _query(oid: int, table: str, columns: list[str]) -> str:
    counts = ", ".join(["count(*)", *(f"count(t.{name})" for name in columns)])
    hashes = ", ".join(["0", *(f"sum(hashtextextended(t.{name}::text, 0)::numeric)" for name in columns)])
    named = table if "." in table else f"public.{table}"
    return f"SELECT {oid}::bigint, ARRAY[{counts}], ARRAY[{hashes}]::numeric[] FROM {named} t"
