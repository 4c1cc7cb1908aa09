"""Upgrade the real database, one revision at a time, and say what each did to the schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headgate.apply.preconditions import Preconditions
from headgate.apply.target import Target, apply, find
from headgate.catalog import Difference
from headgate.errors import HeadgateError
from headgate.project import Project
from headgate.rehearsal.model import Failure, Move, Step
from headgate.rehearsal.plan import leaves

__all__ = ["Applied", "stopped", "upgrade"]


@dataclass(frozen=True)
class Applied:
    """One revision that the database now has.

    Args:
        revision: its id.
        seconds: wall time of its run.
        made: what it did to the schema.
    """

    revision: str
    seconds: float
    made: tuple[Difference, ...]


def upgrade(
    project: Project,
    on_applied: Callable[[Applied], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> Target:
    """Bring the database that env.py names to head.

    Args:
        project: the Alembic project.
        on_applied: is given each revision when it is applied.
        tell: is told each revision as it starts.

    Returns:
        The database as it was found.

    Raises:
        HeadgateError: it cannot be reached, is at a revision that no file has, a precondition that a revision declares
            does not hold (exit code 1), or a revision fails.
    """
    target = find(project)
    applied = target.applied(project)
    waiting = target.waiting(project)
    preconditions = Preconditions(project, target, waiting)
    preconditions.before_all()
    for number, id_ in enumerate(waiting):
        preconditions.before(id_, number)
        after = leaves(project, applied | {id_})
        step = apply(project, target, [Move("up", (id_,), after, compare=True)], tell)[0]
        if step.failure:
            raise stopped(project, step, step.failure, find(project))
        applied.add(id_)
        on_applied(Applied(id_, step.seconds, step.left))
    return target


def stopped(project: Project, step: Step, failure: Failure, now: Target) -> HeadgateError:
    """Say where a run on the real database stopped, and in what state the database is.

    Args:
        project: the Alembic project.
        step: the move that failed.
        failure: why.
        now: the database afterwards.
    """
    file = project.revisions.get(failure.revision or step.move.revisions[0])
    path = project.folder / failure.path if failure.path else file.path if file else project.ini
    place = project.shown(path) + (f", line {failure.line}" if failure.line else "")
    code = f" ({failure.sqlstate})" if failure.sqlstate else ""
    statement = f" Statement: {' '.join(failure.statement.split())}" if failure.statement else ""
    at = ", ".join(now.heads) or "nothing (no revision applied)"
    state = f"The database is at {at}"
    if step.untouched:
        state += ", its schema as it was before this revision"
    elif step.left:
        state += f", but part of the revision was committed: {'; '.join(d.summary for d in step.left)}"
    return HeadgateError(
        f"{place}: {failure.error.rstrip('.')}{code}.{statement}", f"{state}. Correct the revision and run it again."
    )
