"""What becomes of a statement when its revision is run a second time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.rules.rule import Evidence

if TYPE_CHECKING:
    from headgate.catalog import Difference
    from headgate.rehearsal.trace import Statement

__all__ = ["does_something", "is_spared", "not_repeatable"]


def is_spared(statement: Statement) -> bool:
    """Say whether a statement asks to pass over what is there, or is not, already.

    No single run can show that, and the server tells it in no other way than by what it was sent.
    """
    words = statement.sql.upper().split()
    return "EXISTS" in words[1:] and any(
        words[at - 1] == "IF" or words[at - 2 : at] == ["IF", "NOT"]
        for at, word in enumerate(words)
        if word == "EXISTS"
    )


def not_repeatable(evidence: Evidence, statement: Statement) -> tuple[Difference, ...]:
    """Give what a statement added or removed, and would find there, or not find, a second time.

    Args:
        evidence: what running the revision showed.
        statement: the statement.

    Returns:
        Nothing for one that passes over it, and for what an earlier statement of the revision takes away first.
    """
    if is_spared(statement):
        return ()
    return tuple(
        one
        for one in statement.made
        if one.change in {"added", "removed"}
        and not any(_clears(other, one) for other in _earlier(evidence, statement))
    )


def does_something(statement: Statement) -> bool:
    """Say whether a statement changed the schema or rows, or failed: one that only asks or sets does not."""
    return bool(
        statement.made
        or statement.error
        or statement.truncated
        or statement.rewritten
        or any(work.inserted or work.updated or work.deleted for work in statement.work)
        or statement.concurrent
    )


def _earlier(evidence: Evidence, statement: Statement) -> Iterator[Statement]:
    return (other for other in evidence.run.up.statements if other.number < statement.number)


def _clears(other: Statement, one: Difference) -> bool:
    """Whether a statement takes an object away where it is; told by what it did, or by the server's `skipping`."""
    if one.change != "added":
        return False
    bare = one.name.partition(" on ")[0].rpartition(".")[2].strip('"')
    return any((made.kind, made.name, made.change) == (one.kind, one.name, "removed") for made in other.made) or any(
        f'"{bare}"' in notice and "skipping" in notice for notice in other.notices
    )
