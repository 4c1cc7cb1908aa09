"""The query that finds the values which do not fit a column's new type.

Since PostgreSQL 16 the server says whether a text is a value of a type (`pg_input_is_valid`); between numbers, and
where a text only becomes too long, the limits of the type say it in every version.
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-VALIDITY
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psycopg

    from headgate.catalog import Catalog, Difference

__all__ = ["conditions"]

_VALIDITY = 160000
_INTEGERS = {"int2": 15, "int4": 31, "int8": 63}
_HEADER = 4  # bytes that a length is more in the catalog: VARHDRSZ, catalog-pg-attribute.html


class _Type(NamedTuple):
    name: str
    category: str
    modifier: int


def conditions(
    connection: psycopg.Connection[Any], suspects: Sequence[Difference], before: Catalog, after: Catalog, error: str
) -> Iterator[tuple[str, str, str, str, str]]:
    """Give, for each column that gets another type, what finds the values that have none in it.

    Args:
        connection: in a transaction that is rolled back.
        suspects: what the statement that failed changes when it passes.
        before: the catalog before the revision.
        after: the catalog after it.
        error: what the server said; a column whose new type it names comes first.

    Yields:
        The table, the words, the name, the query and the statement that deletes those rows.
    """
    for one in sorted(suspects, key=lambda one: str(one.after).partition("(")[0] not in error):
        if one.kind != "column" or one.attribute != "type":
            continue
        table = str(before.objects.get((one.kind, one.name), {}).get("of", ""))
        if not table:
            continue
        column, wanted = one.name.removeprefix(f"{table}."), str(one.after)
        where = _misfits(connection, column, str(one.before), wanted, after)
        if where is None:
            continue
        yield (
            table,
            f"{table}.{column} holds values that do not fit {wanted}",
            f"every {table}.{column} fits {wanted}",
            f"SELECT count(*) FROM {table} WHERE {where}",
            f"DELETE FROM {table} WHERE {where}",
        )


def _misfits(connection: psycopg.Connection[Any], column: str, was: str, wanted: str, after: Catalog) -> str | None:
    old, new = _type(connection, was), _type(connection, wanted)
    if new is None:
        labels = after.objects.get(("enum", wanted), {}).get("labels")
        if not isinstance(labels, tuple):
            return None
        return f"{column}::text NOT IN ({', '.join(map(_literal, labels))})"
    if old is None:
        return None
    if new.name in {"varchar", "bpchar"} and new.modifier > _HEADER:
        text = column if old.category == "S" else f"{column}::text"
        # Spaces behind the end are cut off without a word: https://www.postgresql.org/docs/current/datatype-character.html
        return f"char_length(rtrim({text}, ' ')) > {new.modifier - _HEADER}"
    if old.category == "N" and new.name in _INTEGERS:
        power = 2 ** _INTEGERS[new.name]
        return f"round({column}::numeric) NOT BETWEEN {-power} AND {power - 1}"
    if connection.info.server_version >= _VALIDITY:
        return f"NOT pg_input_is_valid({column}::text, {_literal(wanted)})"
    return None


def _type(connection: psycopg.Connection[Any], type_: str) -> _Type | None:
    """What the server makes of a type's name; `None` where there is no such type."""
    import psycopg

    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"CREATE TEMPORARY TABLE headgate_types (one {type_})".encode())
            row = connection.execute(
                "SELECT t.typname, t.typcategory::text, a.atttypmod FROM pg_attribute a"
                " JOIN pg_type t ON t.oid = a.atttypid"
                " WHERE a.attrelid = 'headgate_types'::regclass AND a.attnum = 1"
            ).fetchall()[0]
    except psycopg.Error:
        return None
    return _Type(*row)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
