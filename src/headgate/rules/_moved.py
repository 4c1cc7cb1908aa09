"""What a revision renamed, and what became of the values that a table held.

A rename removes one name from the catalog and adds another, as a drop and an addition do. What tells them apart is
what the tables hold: the values of a renamed column stand under its new name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from headgate.rules._change import TABLES, attributes, is_new_column
from headgate.rules.rule import Evidence

if TYPE_CHECKING:
    from headgate.catalog import Difference
    from headgate.rehearsal.contents import Values
    from headgate.rehearsal.trace import Statement

__all__ = ["Renamed", "is_older", "kept_in", "original", "renames", "values", "was_named"]

# What does not follow from an object itself, or from its name alone.
_PLACED = frozenset({"comment", "grants", "inherited_from", "of", "owned_by", "owner", "schema"})


class Renamed(NamedTuple):
    """One object under another name; a column keeps its table in both."""

    statement: Statement
    kind: str
    old: str
    new: str


def renames(evidence: Evidence, *kinds: str) -> Iterator[Renamed]:
    """Give what the upgrade renamed, or moved to another schema, in order.

    Args:
        evidence: what running the revision showed.
        kinds: the kinds of object.
    """
    for statement in evidence.run.up.statements:
        added = [one for one in statement.made if one.change == "added" and one.kind in kinds]
        for removed in [one for one in statement.made if one.change == "removed" and one.kind in kinds]:
            for one in added:
                if one.kind == removed.kind and _is_same(evidence, removed, one):
                    added.remove(one)
                    yield Renamed(statement, one.kind, removed.name, one.name)
                    break


def original(evidence: Evidence, table: str) -> str:
    """Give the name that a table had before the revision; what it holds is told under that."""
    names = {one.new: one.old for one in renames(evidence, "table")}
    while table in names:
        table = names.pop(table)
    return table


def was_named(evidence: Evidence, column: str) -> str:
    """Give the name, with the table's, that a column had before the revision; its own for one that was not renamed."""
    names = {one.new: one.old for one in renames(evidence, "column")}
    while column in names:
        column = names.pop(column)
    table, _, name = column.rpartition(".")
    return f"{original(evidence, table)}.{name}"


def is_older(evidence: Evidence, column: str) -> bool:
    """Say whether a column was there before the change, whatever it was called, as in `users.email`."""
    return not is_new_column(evidence, was_named(evidence, column))


def values(evidence: Evidence, table: str, column: str = "") -> tuple[Values | None, Values | None]:
    """Give what a column held before the upgrade and what the one of that name holds after it; `""` counts rows.

    Args:
        evidence: what running the revision showed.
        table: the table's name before it.
        column: the column.

    Returns:
        `None` for what is not known, or is not there.
    """
    held = evidence.run.held.get(table, {})
    return held.get(column), evidence.run.holds.get(table, held).get(column)


def kept_in(evidence: Evidence, table: str, column: str) -> str | None:
    """Give the column that holds, after the upgrade, all that a dropped one held, as in `users.full_name`.

    Args:
        evidence: what running the revision showed.
        table: the table's name before it.
        column: the dropped column.
    """
    run = evidence.run
    lost = run.held.get(table, {}).get(column)
    if lost is None or not lost.present:
        return None
    # An earlier revision of the change may have copied them; what held the same before all of them is no copy.
    first = (evidence.change[0] if evidence.change else run).held
    for other, columns in {**run.held, **run.holds}.items():
        for name, found in columns.items():
            if name and found == lost and first.get(other, {}).get(name) != lost:
                return f"{other}.{name}"
    return None


def _is_same(evidence: Evidence, removed: Difference, added: Difference) -> bool:
    if removed.kind == "column":
        return _is_same_column(evidence, removed, added)
    old = attributes(evidence.run.before, removed.kind, removed.name)
    new = attributes(evidence.run.after, added.kind, added.name)
    if removed.kind in TABLES:
        if removed.name in evidence.run.held and removed.name in evidence.run.holds:
            return bool(evidence.run.holds[removed.name])
        if old and new:
            return _columns(evidence.run.before.objects, removed.name) == _columns(
                evidence.run.after.objects, added.name
            )
        return removed.before == added.after
    if old and new:
        return _own(old) == _own(new)
    return removed.before == added.after


def _is_same_column(evidence: Evidence, removed: Difference, added: Difference) -> bool:
    table, _, new = added.name.rpartition(".")
    if removed.before != added.after or removed.name.rpartition(".")[0] != table:
        return False
    old, first = removed.name.rpartition(".")[2], original(evidence, table)
    held = evidence.run.held.get(first, {}).get(old)
    if held is None or not held.present:
        return True
    return evidence.run.holds.get(first, {}).get(new) == held or kept_in(evidence, first, old) is not None


def _own(attributes: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in attributes.items() if name not in _PLACED}


def _columns(objects: Mapping[tuple[str, str], Mapping[str, object]], table: str) -> set[str]:
    return {
        name.removeprefix(f"{table}.")
        for (kind, name), its in objects.items()
        if kind == "column" and its.get("of") == table
    }
