"""Which Alembic runs a rehearsal is made of, and what the version table must hold after each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from headgate.project import Project
from headgate.rehearsal.model import Move

__all__ = ["leaves", "up_down_up"]


def up_down_up(project: Project, done: Sequence[str], waiting: Sequence[str]) -> Iterator[Move]:
    """Give one run for the history, then three for each waiting revision, or one where its header rules out more.

    Args:
        project: the Alembic project.
        done: the ids that the first run applies together.
        waiting: the ids that go up, down and up again, one by one; an irreversible one only goes up.
    """
    applied = set(done)
    yield Move("up", tuple(done), leaves(project, applied))
    for id_ in waiting:
        before, after = leaves(project, applied), leaves(project, applied | {id_})
        yield Move("up", (id_,), after, compare=True)
        if not project.revisions[id_].header.irreversible:
            yield Move("down", (id_,), before, compare=True)
            yield Move("up", (id_,), after, compare=True)
        applied.add(id_)


def leaves(project: Project, applied: Set[str]) -> frozenset[str] | None:
    """Give the ids that the version table holds when these revisions are applied.

    Args:
        project: the Alembic project.
        applied: ids.

    Returns:
        The applied ids that no applied one builds on; `None` where a revision depends on another branch, because
        Alembic may then fold two rows into one.
    """
    if any(project.revisions[id_].depends_on for id_ in applied):
        return None
    return frozenset(applied - {parent for id_ in applied for parent in project.revisions[id_].parents})
