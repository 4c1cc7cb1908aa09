"""Locks of a revision on tables that others may be using, in the order in which they are taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.rules._made import was_there

if TYPE_CHECKING:
    from headgate.rehearsal.evidence import Rehearsed
    from headgate.rehearsal.trace import Lock, Statement

__all__ = ["EXCLUSIVE", "blocking", "earlier", "in_transactions", "told"]

EXCLUSIVE = "ACCESS EXCLUSIVE"
"""The strongest mode, behind which readers wait too; spelled here because a commit waits for `rehearsal.trace`."""

_TABLES = frozenset({"table", "materialized view", "foreign table"})


def blocking(run: Rehearsed, locks: tuple[Lock, ...], *, exclusive: bool = False) -> dict[str, Lock]:
    """Give the strongest of some locks on each table that was there, where others wait for it.

    Args:
        run: the revision's rehearsal.
        locks: what a statement took, or held.
        exclusive: only ACCESS EXCLUSIVE, for which readers wait too.
    """
    found: dict[str, Lock] = {}
    for lock in sorted(locks, key=lambda lock: lock.strength):
        counts = lock.mode == EXCLUSIVE or (bool(lock.blocks) and not exclusive and lock.kind != "materialized view")
        if counts and lock.kind in _TABLES and was_there(run, lock.relation):
            found[lock.relation] = lock
    return found


def earlier(run: Rehearsed, statement: Statement, *, exclusive: bool = False) -> dict[str, Lock]:
    """Give what earlier statements of the same transaction keep locked while a statement runs, as `blocking` does."""
    new = set(statement.locks)
    return blocking(run, tuple(lock for lock in statement.held if lock not in new), exclusive=exclusive)


def in_transactions(run: Rehearsed) -> Iterator[list[Statement]]:
    """Give the statements of the upgrade, those of one transaction together."""
    found: dict[object, list[Statement]] = {}
    for statement in run.up.statements:
        key = statement.transaction if statement.transaction is not None else (statement.number,)
        found.setdefault(key, []).append(statement)
    yield from found.values()


def told(run: Rehearsed, *locks: Lock) -> tuple[str, ...]:
    """Tell locks as a finding shows them."""
    return tuple(
        f"{f'PostgreSQL {run.server}: ' if index == 0 else ''}{lock.mode} on {lock.relation}, blocks {lock.blocks}"
        for index, lock in enumerate(locks)
    )
