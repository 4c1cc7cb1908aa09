"""Rows that fit the schema which a revision is going to make, so that it can be watched to its end.

A CHECK that allows three words refuses every word that a table was filled with, and a cast to uuid every text. That
says nothing about the real rows, which may well fit; so the tables are filled while they are bound as they will be
afterwards, and let go again before the revision runs. What real rows must be like is told as a precondition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

from headgate.catalog.diff import diff

if TYPE_CHECKING:
    import psycopg

    from headgate.catalog import Catalog, Difference

__all__ = ["Binding", "bindings", "bound", "filled", "loosened"]

Result = TypeVar("Result")
Binding = tuple[str, str]
"""A statement that binds a table as it will be bound, and the one that lets it go."""

_KINDS = frozenset({"check constraint", "unique constraint", "primary key", "exclusion constraint", "foreign key"})


def bindings(before: Catalog, after: Catalog) -> tuple[Binding, ...]:
    """Give what a revision adds to tables that are there before it: types first, keys before what points to them.

    Args:
        before: the catalog before the revision.
        after: the catalog after it, as it ran on empty tables.
    """
    made = [(rank, binding) for one in diff(before, after) for rank, binding in _of(one, before, after)]
    return tuple(binding for _, binding in sorted(made, key=lambda each: each[0]))


def filled(connection: psycopg.Connection[Any], bindings: Sequence[Binding], fill: Callable[[], Result]) -> Result:
    """Fill tables while they are bound; where they cannot be let go with those rows in them, as they are.

    Args:
        connection: of a role that owns the tables.
        bindings: in order.
        fill: fills them, and gives what is known of it.
    """
    import psycopg

    if bindings:
        try:
            with bound(connection, bindings):
                return fill()
        except psycopg.Error:
            pass  # a value of the new type need not be one of the old
    return fill()


@contextmanager
def bound(connection: psycopg.Connection[Any], bindings: Sequence[Binding]) -> Iterator[None]:
    """Bind tables while a block runs, in one transaction with it; a binding that the server refuses is left out.

    Args:
        connection: of a role that owns the tables.
        bindings: in order.
    """
    import psycopg

    with connection.transaction():
        held = []
        for bind, free in bindings:
            try:
                with connection.transaction():
                    connection.execute(bind.encode())
                held.append(free)
            except psycopg.Error:
                continue
        yield
        for free in reversed(held):
            connection.execute(free.encode())


def loosened(connection: psycopg.Connection[Any]) -> tuple[Binding, ...]:
    """Give what lets tables go that are bound by constraints which are not validated: older rows may break those.

    Args:
        connection: of a role that owns the tables.
    """
    rows = connection.execute(
        """SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
           WHERE contype IN ('c', 'f') AND NOT convalidated AND conparentid = 0 AND coninhcount = 0
             AND conrelid <> 0"""
    ).fetchall()
    return tuple(
        (f"ALTER TABLE {table} DROP CONSTRAINT {name}", f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for table, name, definition in rows
    )


def _of(difference: Difference, before: Catalog, after: Catalog) -> Iterator[tuple[int, Binding]]:
    kind, name = difference.kind, difference.name
    attributes = after.objects.get((kind, name), {})
    if difference.change == "added" and kind == "enum":
        labels = ", ".join(_literal(label) for label in _labels(attributes.get("labels")))
        yield 0, (f"CREATE TYPE {name} AS ENUM ({labels})", f"DROP TYPE {name}")
        return
    table = str(attributes.get("of"))
    if ("table", table) not in before.objects:
        return
    if difference.change == "added" and kind in _KINDS:
        label = f"headgate_{crc32(name.encode())}"
        rank = 3 if kind == "foreign key" else 2
        yield (
            rank,
            (
                f"ALTER TABLE {table} ADD CONSTRAINT {label} {attributes['definition']}",
                f"ALTER TABLE {table} DROP CONSTRAINT {label}",
            ),
        )
    elif difference.change == "added" and kind == "index" and attributes.get("unique"):
        schema = f"{table.rpartition('.')[0]}." if "." in table else ""
        label = f"headgate_{crc32(name.encode())}"
        yield (
            2,
            (
                f"CREATE UNIQUE INDEX {label} ON {table} USING {attributes['method']} {attributes['definition']}",
                f"DROP INDEX {schema}{label}",
            ),
        )
    elif kind == "column" and difference.attribute == "type":
        column = name.removeprefix(f"{table}.")
        default = before.objects[kind, name].get("default")
        again = f", ALTER {column} SET DEFAULT {default}" if default else ""
        yield (
            1,
            (
                f"ALTER TABLE {table} ALTER {column} DROP DEFAULT,"
                f" ALTER {column} TYPE {difference.after} USING NULL::{difference.after}",
                f"ALTER TABLE {table} ALTER {column} DROP DEFAULT,"
                f" ALTER {column} TYPE {difference.before} USING {column}::text::{difference.before}{again}",
            ),
        )


def _labels(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
