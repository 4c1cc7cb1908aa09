"""Tell what one statement did, from what its session held and had counted before and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from headgate.rehearsal.state import Counters, Names, Relation, State
from headgate.rehearsal.trace import Lock, Work

__all__ = ["difference", "locks", "work"]

_Details = Callable[[Iterable[int]], Mapping[int, tuple[int, int]]]

_NOTHING = (0, 0, 0, 0, 0)


def difference(
    before: State, after: State, known: Mapping[int, Relation], names: Names, details: _Details
) -> tuple[dict[str, Any], dict[int, Relation]]:
    """Compare two states of a session.

    Args:
        before: the state before a statement.
        after: the state after it.
        known: every relation that was known before it, by oid.
        names: what relations are called.
        details: gives the table of an index and the size of a table, by oid.

    Returns:
        Fields of `Statement`, and every relation that is known now.
    """
    now = after.relations
    names.learn(now)
    new = [oid for oid in now if oid not in known]
    replaced = {oid for oid, one in now.items() if oid in known and one.file and one.file != known[oid].file}
    detailed = details([*new, *replaced])
    tables = {oid for oid in replaced if now[oid].kind in {"table", "materialized view"}}
    emptied = {oid for oid in tables if now[oid].kind == "table" and detailed[oid][1] == 0}
    # ALTER TABLE gives an index that it keeps a new row in pg_class and leaves it its file.
    files = {one.file for one in known.values()} if new else set()
    indexes = [oid for oid in new if now[oid].kind == "index" and not (now[oid].file and now[oid].file in files)]
    # One that an earlier statement dropped is gone already: of its name another one is built.
    gone = {
        one.name
        for oid, one in known.items()
        if one.kind == "index" and _is_gone(oid, after) and not _is_gone(oid, before)
    }
    again = {oid for oid in indexes if now[oid].name in gone} | {oid for oid in replaced if now[oid].kind == "index"}
    built = [(oid, detailed[oid][0]) for oid in indexes if oid not in again and detailed[oid][0]]
    current = dict(known) | dict(now)
    told = {
        "locks": locks(
            {oid: held - before.locks.get(oid, frozenset()) for oid, held in after.locks.items()}, current, names
        ),
        "held": locks(after.locks, current, names),
        "rewritten": tuple(sorted(names[oid] for oid in tables - emptied)),
        "truncated": tuple(sorted(names[oid] for oid in emptied)),
        "reindexed": tuple(sorted(names[oid] for oid in again if detailed[oid][0] not in tables)),
        "built": tuple(sorted((names[index], names[table]) for index, table in built)),
        "work": work(before.counters, after.counters, names),
    }
    return told, current


def locks(modes: Mapping[int, Iterable[str]], relations: Mapping[int, Relation], names: Names) -> tuple[Lock, ...]:
    """Name locks, the weakest of a relation first."""
    found = {
        Lock(names[oid], relations[oid].kind, mode) for oid, held in modes.items() if oid in relations for mode in held
    }
    return tuple(sorted(found, key=lambda lock: (lock.relation, lock.strength)))


def work(before: Mapping[int, Counters], after: Mapping[int, Counters], names: Names) -> tuple[Work, ...]:
    """Give what was counted between two states."""
    found = []
    for oid, counted in after.items():
        change = [max(0, there - was) for there, was in zip(counted, before.get(oid, _NOTHING), strict=True)]
        if any(change):
            found.append(Work(names[oid], *change))
    return tuple(sorted(found, key=lambda one: one.relation))


def _is_gone(oid: int, state: State) -> bool:
    return oid not in state.relations and (oid in state.locks or state.complete)
