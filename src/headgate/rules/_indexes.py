"""Indexes as the catalog tells them, those of keys and unique constraints among them, with their columns taken apart.

What is taken apart is the server's own text, which is always written in one way:
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CATALOG (`pg_get_indexdef`)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.catalog import Catalog
    from headgate.catalog.model import Key

__all__ = ["Index", "column", "columns", "indexes", "referenced"]

_KEYS = frozenset({"primary key", "unique constraint"})


@dataclass(frozen=True)
class Index:
    """One index.

    Args:
        key: its kind and name in the catalog.
        name: its name, without the table.
        table: the table.
        unique: whether it refuses duplicates.
        method: its access method.
        parts: its columns and expressions, each with operator class and order.
        rest: what follows the columns: INCLUDE, WITH, WHERE.
        valid: whether queries may use it.
    """

    key: Key
    name: str
    table: str
    unique: bool
    method: str
    parts: tuple[str, ...]
    rest: str
    valid: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns alone; an expression is left as it is."""
        return tuple(column(part) for part in self.parts)


def indexes(catalog: Catalog, table: str | None = None) -> Iterator[Index]:
    """Give the indexes of a table, or all of them."""
    for key, its in catalog.objects.items():
        kind, name = key
        if (kind != "index" and kind not in _KEYS) or (table is not None and its.get("of") != table):
            continue
        parts, rest = _apart(str(its["definition"]))
        yield Index(
            key=key,
            name=name.removesuffix(f" on {its['of']}"),
            table=str(its["of"]),
            unique=kind in _KEYS or bool(its.get("unique")),
            method=str(its.get("method", "btree")),
            parts=parts,
            rest=rest,
            valid=its.get("valid") is not False,
        )


def columns(definition: str) -> tuple[str, ...]:
    """Give the columns of the first list in a definition: `a, b` of `FOREIGN KEY (a, b) REFERENCES t(x, y)`."""
    return tuple(column(part) for part in _apart(definition)[0])


def referenced(definition: str) -> tuple[str, tuple[str, ...]]:
    """Give the table that a foreign key points to, and its columns."""
    rest = _apart(definition)[1].removeprefix(" REFERENCES ")
    return rest[: _opening(rest)], columns(rest)


def column(part: str) -> str:
    """Give the column of a part of an index, without operator class, collation and order."""
    if part.startswith('"'):
        end = 1
        while part[end : end + 2] == '""' or part[end] != '"':
            end += 2 if part[end] == '"' else 1
        return part[: end + 1]
    return part if "(" in part else part.partition(" ")[0]


def _apart(definition: str) -> tuple[tuple[str, ...], str]:
    """The items between the first parenthesis and the one that closes it, and what follows."""
    start = _opening(definition)
    items, depth, item, at = list[str](), 0, "", start
    quote = ""
    for at in range(start, len(definition)):
        sign = definition[at]
        if quote or sign in "'\"":
            quote = "" if sign == quote else quote or sign
        elif sign in "([":
            depth += 1
            if depth == 1:
                continue
        elif sign in ")]":
            depth -= 1
            if depth == 0:
                break
        elif sign == "," and depth == 1:
            items.append(item.strip())
            item = ""
            continue
        item += sign
    return tuple([*items, item.strip()] if item.strip() else items), definition[at + 1 :]


def _opening(text: str) -> int:
    """Where the first parenthesis stands that is no part of a quoted name."""
    quoted = False
    for at, sign in enumerate(text):
        if sign == '"':
            quoted = not quoted
        elif sign == "(" and not quoted:
            return at
    return len(text)
