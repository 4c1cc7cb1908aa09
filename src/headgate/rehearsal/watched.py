"""Run one revision on a database that has rows, and note what each of its statements does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.errors import HeadgateError
from headgate.rehearsal import child
from headgate.rehearsal.isolation import connect, only_scratch
from headgate.rehearsal.model import Failure, Move
from headgate.rehearsal.plan import leaves
from headgate.rehearsal.prepared import Prepared, prepared
from headgate.rehearsal.runner import Runner
from headgate.rehearsal.trace import Trace
from headgate.rehearsal.watchdog import Watchdog
from headgate.wording import first_line

if TYPE_CHECKING:
    from headgate.project import Project

__all__ = ["Watched", "statements_of", "watch"]


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
    server: str = ""


def statements_of(
    project: Project, revision: str | None, *, rows: int, tell: Callable[[str], None] = lambda _: None
) -> Watched:
    """Start a server and watch one revision on it.

    Args:
        project: the Alembic project.
        revision: its id; `None` for the head.
        rows: how many rows each table is given.
        tell: is told what is being done.

    Raises:
        HeadgateError: there is no such revision, or those below it do not run.
    """
    from headgate.postgres.scratch import database, set_timezone
    from headgate.postgres.server import scratch_server

    id_ = revision or (project.heads[-1] if project.heads else "")
    if id_ not in project.revisions:
        known = ", ".join(project.heads) or "none"
        raise HeadgateError(f"There is no revision {id_ or 'yet'}.", f"Give the id of one; the head is {known}.")
    config = project.config
    with (
        scratch_server(
            major=config.postgres, cache=config.cache, url=config.server_url, extensions=project.extensions
        ) as server,
        database(server) as scratch,
    ):
        set_timezone(scratch, config.timezone)
        watched = watch(project, id_, url=scratch.url(), rows=rows, on_event=tell)
    if isinstance(watched, Failure):
        raise HeadgateError(
            f"The revisions below {id_} do not run: {first_line(watched.error)}",
            "Run `inv gate`: it shows the statement and the line.",
        )
    return replace(watched, server=server.version)


def watch(
    project: Project, revision: str, *, url: str, rows: int, on_event: Callable[[str], None] = lambda _: None
) -> Watched | Failure:
    """Bring a scratch database to the state below a revision, fill its tables, and run the revision.

    Args:
        project: the Alembic project.
        revision: its id.
        url: an empty scratch database, as a SQLAlchemy URL.
        rows: how many rows each table is given.
        on_event: is told each revision as it starts.

    Returns:
        What the revision did, or why the revisions below it do not run.

    Raises:
        HeadgateError: env.py does not run, connects elsewhere, or ends the process.
    """
    needed = project.with_ancestors([revision])
    below = tuple(id_ for id_ in project.revisions if id_ in needed and id_ != revision)
    moves = (
        Move("up", below, leaves(project, set(below))),
        Move("up", (revision,), leaves(project, {*below, revision})),
    )
    files = frozenset(str(file.path) for file in project.revisions.values())
    config = project.config
    return child.call(
        _watch,
        str(project.ini),
        config.section,
        prepared(project),
        url,
        moves,
        files,
        rows,
        config.timeout,
        on_event=on_event,
    )


def _watch(
    emit: child.Line,
    ini: str,
    section: str,
    around: Prepared,
    url: str,
    moves: tuple[Move, Move],
    files: frozenset[str],
    rows: int,
    timeout: int,
) -> Watched | Failure:
    from headgate.rehearsal.rows import fill
    from headgate.rehearsal.tracer import Tracer

    runner = Runner(ini, section, url, emit, around)

    def given_up(move: Move, failure: Failure) -> Watched | Failure:
        return failure if move == moves[0] else Watched(Trace(move.revisions[0], "up", (), {}), failure, {})

    runner.watchdog = Watchdog(timeout, emit, url, around.folder, given_up)
    runner.listen()
    found: list[Trace] = []
    with only_scratch(url, around):
        around.begin(url)
        with connect(url) as own:
            tracer = Tracer(own.info.dbname, files, runner)
        tracer.watch()  # before env.py opens a connection that it keeps
        below = runner.run(moves[0])
        if below.failure:
            return below.failure
        with connect(url) as own:
            filled = fill(own, rows=rows, ignore=[runner.version_table()], tell=emit)
        with tracer.tracing(moves[1].revisions[0], "up", filled.tables, found):
            step = runner.run(moves[1])
    return Watched(found[0], step.failure, dict(filled.not_filled))
