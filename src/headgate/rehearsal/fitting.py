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

__all__ = ["Binding", "bindings", "bound", "filled", "loosened", "partition"]

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
    if kind == "table" and "partition_of" in attributes and difference.attribute in (None, "partition_of"):
        if made := partition(name, before, after):
            yield 2, _within(name, made)
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


def partition(name: str, before: Catalog, after: Catalog) -> str | None:
    """Give the statement that makes a table the partition that a revision makes it; `None` where
    that is new, or was there before.

    Args:
        name: the partition.
        before: the catalog before the revision.
        after: the catalog after it.
    """
    was, said = (str(side.objects.get(("table", name), {}).get("partition_of", "")) for side in (before, after))
    if was == said:
        return None
    parents = [table for kind, table in before.objects if kind == "table" and said.startswith(f"{table} ")]
    if not parents:
        return None
    parent = max(parents, key=len)
    bounds = said.removeprefix(f"{parent} ")
    if ("table", name) in before.objects:
        return f"ALTER TABLE {parent} ATTACH PARTITION {name} {bounds}"
    return f"CREATE TABLE {name} PARTITION OF {parent} {bounds}"


def _within(name: str, statement: str) -> Binding:
    """Checks that say of a partition what its bounds say, and of the default one what is left to it.

    The server words them: the partition is made, asked, and undone. Were it left there, its rows would be made as the
    parent's. https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-ATTACH-PARTITION
    """
    label = f"headgate_{crc32(name.encode())}"
    bind = f"""DO $headgate$ DECLARE checks text[]; one text;
BEGIN
    BEGIN
        {statement};
        SELECT array_agg(format('ALTER TABLE %s ADD CONSTRAINT {label} CHECK (%s)', relation,
            pg_get_partition_constraintdef(relation))) INTO checks
        FROM (SELECT {_literal(name)}::regclass UNION SELECT nullif(partdefid, 0)::regclass
              FROM pg_partitioned_table JOIN pg_inherits ON inhparent = partrelid
              WHERE inhrelid = {_literal(name)}::regclass) AS bounded (relation)
        WHERE pg_get_partition_constraintdef(relation) IS NOT NULL;
        RAISE SQLSTATE 'HG000';
    EXCEPTION WHEN SQLSTATE 'HG000' THEN NULL;
    END;
    FOREACH one IN ARRAY checks LOOP
        BEGIN
            EXECUTE one;
        EXCEPTION WHEN undefined_table THEN NULL;  -- the partition that was only made to be asked
        END;
    END LOOP;
END $headgate$"""
    free = f"""DO $headgate$ DECLARE bound regclass;
BEGIN
    FOR bound IN SELECT conrelid FROM pg_constraint WHERE conname = '{label}' AND coninhcount = 0 LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT {label}', bound);
    END LOOP;
END $headgate$"""
    return bind, free


def _labels(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
