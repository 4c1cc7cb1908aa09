"""Run one revision on a database that has rows, and note what each of its statements does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.errors import HeadgateError
from headgate.rehearsal import given
from headgate.rehearsal.model import Failure, Fill, Move
from headgate.rehearsal.plan import leaves
from headgate.rehearsal.run import rehearse
from headgate.rehearsal.trace import Trace
from headgate.wording import first_line

if TYPE_CHECKING:
    from headgate.project import Project

__all__ = ["Watched", "statements_of"]


@dataclass(frozen=True)
class Watched:
    """What a revision did.

    Args:
        trace: its statements, each with what it did.
        failure: why it stopped.
        not_filled: the tables that could not be given rows, each with the reason; nothing is known of them.
        server: the version of the server, as in `18.4`.
    """

    trace: Trace
    failure: Failure | None
    not_filled: Mapping[str, str]
    server: str


def statements_of(
    project: Project, revision: str | None, *, rows: int, tell: Callable[[str], None] = lambda _: None
) -> Watched:
    """Start a server, bring a database to the state below one revision, fill its tables, and watch the revision.

    Args:
        project: the Alembic project.
        revision: its id; `None` for the head.
        rows: how many rows each table is given.
        tell: is told what is being done.

    Raises:
        HeadgateError: there is no such revision, those below it do not run, or the rows that the project gives for a
            table cannot be used.
    """
    from headgate.postgres.scratch import database, set_timezone
    from headgate.postgres.server import scratch_server

    id_ = revision or (project.heads[-1] if project.heads else "")
    if id_ not in project.revisions:
        known = ", ".join(project.heads) or "none"
        raise HeadgateError(f"There is no revision {id_ or 'yet'}.", f"Give the id of one; the head is {known}.")
    config = project.config
    # Rows as real ones may be: what fails on them fails here.
    fill = given.add(Fill(rows, awkward=True), config.given, config.root)
    with (
        scratch_server(
            major=config.postgres, cache=config.cache, url=config.server_url, extensions=project.extensions
        ) as server,
        database(server) as scratch,
    ):
        set_timezone(scratch, config.timezone)
        below, *watched = rehearse(project, _moves(project, id_, fill), url=scratch.url(), on_event=tell).steps
    if below.failure:
        raise HeadgateError(
            f"The revisions below {id_} do not run: {first_line(below.failure.error)}",
            "Run `inv gate`: it shows the statement and the line.",
        )
    (step,) = watched
    # One that was given up has no trace.
    return Watched(step.trace or Trace(id_, "up", (), {}), step.failure, dict(step.not_filled), server.version)


def _moves(project: Project, revision: str, fill: Fill) -> tuple[Move | Fill, ...]:
    needed = project.with_ancestors([revision])
    below = tuple(id_ for id_ in project.revisions if id_ in needed and id_ != revision)
    return (
        Move("up", below, leaves(project, set(below))),
        fill,
        Move("up", (revision,), leaves(project, {*below, revision}), trace=True),
    )
