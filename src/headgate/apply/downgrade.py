"""Take the real database one revision back, after saying what data that drops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from headgate.apply.target import Target, apply, find
from headgate.apply.upgrade import Applied, stopped
from headgate.catalog import Difference
from headgate.errors import HeadgateError
from headgate.postgres.scratch import database
from headgate.postgres.server import scratch_server
from headgate.project import Project
from headgate.rehearsal.isolation import connect
from headgate.rehearsal.model import Move
from headgate.rehearsal.plan import leaves
from headgate.rehearsal.run import rehearse
from headgate.wording import counted

__all__ = ["Loss", "Plan", "downgrade", "plan"]


@dataclass(frozen=True)
class Loss:
    """Data that a downgrade drops.

    Args:
        what: the table or column, as in `column entries.note`.
        rows: how many rows hold a value there now.
    """

    what: str
    rows: int

    @property
    def of_column(self) -> bool:
        """Whether a column goes, and its values with it, but not the rows."""
        return self.what.startswith("column ")


@dataclass(frozen=True)
class Plan:
    """What a downgrade will do.

    Args:
        target: the database.
        moves: the runs, newest revision first.
        made: what they do to the schema, as seen on a scratch database.
        losses: the data that goes with it.
    """

    target: Target
    moves: tuple[Move, ...]
    made: tuple[Difference, ...]
    losses: tuple[Loss, ...]


def plan(project: Project, steps: int, tell: Callable[[str], None] = lambda _: None) -> Plan:
    """Run the downgrade on a scratch database and count the rows that it would drop on the real one.

    Args:
        project: the Alembic project.
        steps: how many revisions to go back, 1 or more.
        tell: is told each revision as it starts.

    Raises:
        HeadgateError: there is nothing to take back, or the downgrade fails on the scratch database.
    """
    target = find(project)
    applied = target.applied(project)
    if steps < 1:
        raise HeadgateError(f"-n {steps} is no number of steps.", "Give 1 or more.")
    back = [id_ for id_ in reversed(list(project.revisions)) if id_ in applied][:steps]
    if not applied:
        raise HeadgateError("The database has no revision to take back.", "Nothing is to be done: it is at the start.")
    if len(back) < steps:
        raise HeadgateError(
            f"The database has {counted(len(applied), 'revision')}, so {steps} cannot be taken back.",
            f"Give -n {len(applied)} or less; `inv migrate.status` shows where it stands.",
        )
    moves = tuple(_moves(project, applied, back))
    done = tuple(id_ for id_ in project.revisions if id_ in applied)
    config = project.config
    with ExitStack() as stack:
        server = stack.enter_context(
            scratch_server(
                major=config.postgres, cache=config.cache, url=config.server_url, extensions=project.extensions
            )
        )
        scratch = stack.enter_context(database(server))
        rehearsal = rehearse(
            project, [Move("up", done, leaves(project, applied)), *moves], url=scratch.url(), on_event=tell
        )
        last = rehearsal.steps[-1]
        if last.failure:
            raise HeadgateError(
                f"The downgrade of {last.move.revisions[0]} fails on a scratch database: {last.failure.error}",
                "Correct it first; `inv migrate.rollback` shows where. The database was not touched.",
            )
    made = tuple(difference for step in rehearsal.steps[1:] for difference in step.left)
    return Plan(target, moves, made, tuple(_losses(target.url, made)))


def downgrade(
    project: Project,
    planned: Plan,
    on_undone: Callable[[Applied], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Carry a plan out on the real database.

    Raises:
        HeadgateError: a downgrade fails; it says in what state the database is.
    """
    for move in planned.moves:
        step = apply(project, planned.target, [move], tell)[0]
        if step.failure:
            raise stopped(project, step, step.failure, find(project))
        on_undone(Applied(move.revisions[0], step.seconds, step.left))


def _moves(project: Project, applied: set[str], back: list[str]) -> Iterator[Move]:
    left = set(applied)
    for id_ in back:
        left.discard(id_)
        yield Move("down", (id_,), leaves(project, left), compare=True)


def _losses(url: str, made: tuple[Difference, ...]) -> Iterator[Loss]:
    from psycopg import errors

    with connect(url) as connection:
        for difference in made:
            if difference.change != "removed" or difference.kind not in {"table", "column"}:
                continue
            # A catalog's names are SQL: quoted where they must be.
            table, column = _apart(difference.name) if difference.kind == "column" else (difference.name, "*")
            try:
                row = connection.execute(f"SELECT count({column}) FROM {table}").fetchone()
            except (errors.UndefinedTable, errors.UndefinedColumn):
                continue  # made and dropped again within the steps that are taken back
            if row and row[0]:
                yield Loss(f"{difference.kind} {difference.name}", int(row[0]))


def _apart(name: str) -> tuple[str, str]:
    """Split a column's name from its table's, at the last dot that stands outside of quotes."""
    dots = [place for place, letter in enumerate(name) if letter == "." and name[:place].count('"') % 2 == 0]
    return name[: dots[-1]], name[dots[-1] + 1 :]
