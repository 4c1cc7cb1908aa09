"""What one statement changed in the catalog, and which tables that is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.catalog import Difference
    from headgate.catalog.model import Attributes
    from headgate.rehearsal.evidence import Rehearsed
    from headgate.rehearsal.trace import Statement

__all__ = ["added", "altered", "attributes", "kin", "removed", "table_of", "was_there"]


def added(statement: Statement, *kinds: str) -> Iterator[Difference]:
    """Give what the statement added of some kinds."""
    return (one for one in statement.made if one.change == "added" and one.kind in kinds)


def removed(statement: Statement, *kinds: str) -> Iterator[Difference]:
    """Give what the statement removed of some kinds."""
    return (one for one in statement.made if one.change == "removed" and one.kind in kinds)


def altered(statement: Statement, kind: str, *attributes: str) -> Iterator[Difference]:
    """Give what the statement changed in some attributes of one kind of object."""
    return (
        one for one in statement.made if one.change == "changed" and one.kind == kind and one.attribute in attributes
    )


def attributes(run: Rehearsed, statement: Statement, kind: str, name: str) -> Attributes:
    """Give the attributes that an object had when a statement had run; none of one that the revision dropped again.

    Args:
        run: the revision's rehearsal.
        statement: the statement.
        kind: the object's kind.
        name: its name.
    """
    found = dict(run.after.objects.get((kind, name), {}))
    later = [one for other in run.up.statements if other.number > statement.number for one in other.made]
    for one in reversed(later):
        if found and (one.kind, one.name, one.change) == (kind, name, "changed") and one.attribute:
            found.pop(one.attribute, None)
            if one.before is not None:
                found[one.attribute] = one.before
    return found


def table_of(run: Rehearsed, statement: Statement, one: Difference) -> str:
    """Give the table or domain that a difference is about, by its name in SQL."""
    if one.kind == "table":
        return one.name
    for catalog in (run.after, run.before):
        of = catalog.objects.get((one.kind, one.name), {}).get("of")
        if of:
            return str(of)
    if one.kind == "column":
        return one.name.rpartition(".")[0]
    built = dict(statement.built)
    return built.get(one.name) or one.name.rpartition(" on ")[2]


def kin(run: Rehearsed, table: str) -> frozenset[str]:
    """Give a table with the tables that it is a partition or a child of, at every level.

    A statement on a partitioned table does its work on the partitions.
    """
    found, waiting = set(), [table]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for catalog in (run.before, run.after):
            its = catalog.objects.get(("table", name), {})
            waiting += [str(parent) for parent in its.get("inherits", ())]  # type: ignore[union-attr]
            if bound := its.get("partition_of"):
                waiting += [parent for parent in _tables(catalog.objects) if str(bound).startswith(f"{parent} ")]
    return frozenset(found)


def was_there(run: Rehearsed, table: str) -> bool:
    """Whether a table was there before the change, so that others may be using it."""
    return table in run.up.rows or table in run.not_filled


def _tables(objects: object) -> Iterator[str]:
    return (name for kind, name in objects if kind == "table")  # type: ignore[attr-defined]
