"""Which Alembic runs a rehearsal is made of, and what the version table must hold after each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from headgate.project import Project
from headgate.rehearsal.model import Fill, Move

__all__ = ["leaves", "up_down_up"]


def up_down_up(
    project: Project,
    done: Sequence[str],
    waiting: Sequence[str],
    *,
    fill: Fill | None = None,
    each: bool = False,
    again: bool = True,
) -> Iterator[Move | Fill]:
    """Give one run for the history, then three for each waiting revision, or one where its header rules out more.

    Args:
        project: the Alembic project.
        done: the ids that are only applied. Those that build on no waiting one are applied together, first.
        waiting: the ids that go up, down and up again, one by one; an irreversible one only goes up.
        fill: give the tables rows, and watch the waiting revisions.
        each: whether they are filled before each waiting revision, so that what an earlier one made counts as a table
            that others use; else only what was there before the first.
        again: whether the last of them goes up again, where nobody asks and nothing comes after it.
    """
    wanted = {*done, *waiting}
    not_first = set(waiting)
    for id_ in project.revisions:  # parents before children
        if not not_first.isdisjoint(project.needed(id_)):
            not_first.add(id_)
    history = tuple(id_ for id_ in project.revisions if id_ in wanted and id_ not in not_first)
    applied = set(history)
    last = [id_ for id_ in project.revisions if id_ in wanted][-1:]
    yield Move("up", history, leaves(project, applied))
    if fill and not each:
        yield fill
    for id_ in project.revisions:
        if id_ not in wanted or id_ in applied:
            continue
        before, after = leaves(project, applied), leaves(project, applied | {id_})
        applied.add(id_)
        if id_ not in waiting:
            yield Move("up", (id_,), after)
            continue
        if fill and each:
            yield fill
        traced = fill is not None
        yield Move("up", (id_,), after, compare=True, trace=traced)
        if not project.revisions[id_].header.irreversible:
            yield Move("down", (id_,), before, compare=True, trace=traced)
            if again or [id_] != last:
                yield Move("up", (id_,), after, compare=True)


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
