"""What a change of the schema risks and how it is undone, in a sentence: as far as the catalogs' difference shows it.

A difference says what will be there, not by which statements; where the statement decides, the text says so. The locks
are those of https://www.postgresql.org/docs/current/sql-altertable.html, sql-createindex.html and
https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.catalog import Difference

__all__ = ["risk", "rollback"]

Clause = tuple[str, str, str]
"""A verb, the name that it is about, and what follows from it; what shares verb and consequence is told once."""


def risk(differences: Iterable[Difference]) -> str:
    """Say what the change locks, rewrites or loses.

    Args:
        differences: from the database as it is to the database as it will be.

    Returns:
        One line, or an empty text where nothing is known.
    """
    return _told(clause for difference in differences for clause in _risks(difference))


def rollback(differences: Iterable[Difference]) -> str:
    """Say what undoing the change does, and what it cannot bring back.

    Args:
        differences: from the database as it is to the database as it will be.

    Returns:
        One line, or an empty text where nothing is known.
    """
    return _told(clause for difference in reversed(tuple(differences)) for clause in _rollbacks(difference))


def _risks(difference: Difference) -> Iterator[Clause]:
    name, text = difference.name, str(difference.after or difference.before or "")
    match difference.kind, difference.change:
        case "table", "added":
            yield "creates", name, "any table that it references is locked for a moment"
        case "table", "removed":
            yield "drops", name, "its rows are lost"
        case "column", "added":
            yield "adds", name, _of_new_column(_table(name), text)
        case "column", "removed":
            yield "drops", name, f"its data is lost; {_moment(_table(name))}"
        case "column", "changed":
            yield f"changes the {_attribute(difference)} of", name, _of_changed_column(difference)
        case "index", "added":
            fails = ", and it fails on duplicates" if text.startswith("unique ") else ""
            yield "builds", name, f"SHARE on {_index_table(text)} unless built concurrently: writers wait{fails}"
        case "index", "removed":
            yield "drops", name, f"{_moment(_index_table(text))}; queries that used it read more"
        case "foreign key", "added":
            yield "adds", name, "reads every row while writers of both tables wait, unless NOT VALID"
        case "check constraint", "added":
            yield "adds", name, f"reads every row under ACCESS EXCLUSIVE on {_owner(name)}, unless NOT VALID"
        case "unique constraint" | "primary key" | "exclusion constraint", "added":
            yield "adds", name, f"builds its index under ACCESS EXCLUSIVE on {_owner(name)}, and fails on duplicates"
        case kind, "removed" if kind in _CONSTRAINTS:
            yield "drops", name, _moment(_owner(name))
        case "enum", "changed":
            yield f"changes the {_attribute(difference)} of", name, "code that is running does not know a new value"
        case "position", _:
            return
        case kind, change:
            yield f"{_VERBS[change]} {kind}", name, ""


def _rollbacks(difference: Difference) -> Iterator[Clause]:
    name = difference.name
    match difference.kind, difference.change:
        case "table" | "column", "added":
            yield "drops", name, "what was written to it is lost"
        case "table" | "column", "removed":
            yield "adds", f"{name} again", "what it held is lost"
        case "enum", "changed" if difference.attribute == "labels":
            yield "leaves the values of", name, "PostgreSQL takes no value out of an enum"
        case "column", "changed" if difference.attribute == "type":
            yield "changes", f"{name} back to {difference.before}", "a value that does not fit stops it"
        case "position", _:
            return
        case _, "added":
            yield "drops", name, ""
        case _, "removed":
            yield "adds", f"{name} again", ""
        case _:
            yield f"changes the {_attribute(difference)} of", f"{name} back", ""


_VERBS = {"added": "creates", "removed": "drops", "changed": "changes", "moved": "moves"}
_CONSTRAINTS = frozenset(
    {"foreign key", "check constraint", "unique constraint", "primary key", "exclusion constraint"}
)


def _of_new_column(table: str, definition: str) -> str:
    given, _, default = definition.partition(" DEFAULT ")
    words = given.casefold().split()
    if "generated" in words and ("stored" in words or "identity" in words):
        return f"rewrites {table} under ACCESS EXCLUSIVE: readers wait"
    if "NOT NULL" in given and not default:
        return f"fails when {table} holds a row"
    if "(" in default:
        return f"ACCESS EXCLUSIVE on {table}, for a moment unless the default is volatile, which rewrites it"
    return f"catalog change only; {_moment(table)}"


def _of_changed_column(difference: Difference) -> str:
    table = _table(difference.name)
    if difference.attribute == "type":
        return f"ACCESS EXCLUSIVE on {table}, for as long as a rewrite takes unless the types are stored alike"
    if difference.attribute == "not_null" and difference.after:
        return f"reads every row under ACCESS EXCLUSIVE on {table}, and fails on a NULL"
    return f"catalog change only; {_moment(table)}"


def _attribute(difference: Difference) -> str:
    return {"not_null": "nullability", "labels": "values"}.get(
        difference.attribute or "", (difference.attribute or "definition").replace("_", " ")
    )


def _moment(table: str) -> str:
    return f"ACCESS EXCLUSIVE on {table} for a moment"


def _table(column: str) -> str:
    return column.rpartition(".")[0]


def _owner(constraint: str) -> str:
    """The table in a name such as `entries_user_fkey on entries`."""
    return constraint.rpartition(" on ")[2]


def _index_table(shape: str) -> str:
    """The table in a description such as `unique on entries (user_id)`."""
    return shape.partition("on ")[2].partition(" (")[0].partition(" using ")[0]


def _told(clauses: Iterable[Clause]) -> str:
    grouped: dict[tuple[str, str], list[str]] = {}
    for verb, name, effect in clauses:
        grouped.setdefault((verb, effect), []).append(name)
    said = [f"{verb} {', '.join(names)}{f': {effect}' if effect else ''}" for (verb, effect), names in grouped.items()]
    return f"{'. '.join(f'{text[0].upper()}{text[1:]}' for text in said)}." if said else ""
