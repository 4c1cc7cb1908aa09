"""Rehearse: run a project's migrations on a scratch database, in a process of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.rehearsal import child
from headgate.rehearsal.contents import Inhabitants
from headgate.rehearsal.inhabited import Inhabited
from headgate.rehearsal.inputs import Recorder
from headgate.rehearsal.isolation import connect, only_scratch
from headgate.rehearsal.model import Failure, Fill, Move, Rehearsal, Start, Step
from headgate.rehearsal.prepared import Prepared, prepared
from headgate.rehearsal.roles import put_aside
from headgate.rehearsal.runner import Runner
from headgate.rehearsal.scripts import Entry, entries
from headgate.rehearsal.watchdog import Watchdog

if TYPE_CHECKING:
    from headgate.project import Project
    from headgate.rehearsal.trace import Trace
    from headgate.rehearsal.tracer import Tracer

__all__ = ["Failure", "Fill", "Move", "Rehearsal", "Start", "Step", "rehearse"]


def rehearse(
    project: Project,
    moves: Sequence[Move | Fill],
    *,
    url: str,
    models_url: str | None = None,
    start: Start | None = None,
    record: bool = False,
    on_event: child.Emit | None = None,
) -> Rehearsal:
    """Run moves one after the other on a scratch database, in a process of their own.

    Args:
        project: the Alembic project.
        moves: what to run, and when the tables are given rows.
        url: the scratch database, as a SQLAlchemy URL.
        models_url: an empty scratch database, which the models are to build; `None` to leave the models alone.
        start: what is known of the scratch database, where it is a copy of one in which revisions ran.
        record: whether to say what the project's code read.
        on_event: is told each revision as it starts.

    Raises:
        HeadgateError: env.py does not run, connects elsewhere, or ends the process.
    """
    arguments = (
        str(project.ini),
        project.config.section,
        prepared(project),
        tuple(moves),
        entries(project),
        url,
        models_url,
        start,
        (project.config.root.resolve(), *project.version_folders) if record else (),
        project.config.timeout,
    )
    # What the state below the new revisions was made with stays: its copies need those roles.
    with nullcontext() if record or project.config.server_url else put_aside(url):
        return child.call(_perform, *arguments, on_event=on_event)


def _perform(
    emit: child.Line,
    ini: str,
    section: str,
    around: Prepared,
    moves: tuple[Move | Fill, ...],
    known: Mapping[str, Entry],
    url: str,
    models_url: str | None,
    start: Start | None,
    recorded: tuple[Path, ...],
    timeout: int,
) -> Rehearsal:
    recorder = Recorder(recorded[0], recorded[1:]) if recorded else None
    runner = Runner(ini, section, url, emit, around)
    watched = _Watched(runner, frozenset(entry.path for entry in known.values()))
    if start is not None:
        run = frozenset(id_ for move in moves if isinstance(move, Move) for id_ in move.revisions)
        runner.only, runner.versions, runner.pictured = (run, known), start.version_table, start.picture
        watched.begin(start.inhabitants)
    steps: list[Step] = []

    def given_up(move: Move, failure: Failure) -> Rehearsal:
        return Rehearsal((*steps, Step(move, timeout, failure=failure)))

    runner.watchdog = Watchdog(timeout, emit, url, around.folder, given_up)
    runner.listen()
    with only_scratch(url, around, models_url):
        if start is None:
            around.begin(url)
        if any(isinstance(move, Move) and move.trace for move in moves):
            watched.watch()  # before env.py opens a connection that it keeps
        for move in moves:
            if isinstance(move, Fill):
                watched.fill(move)
                continue
            steps.append(watched.run(move) if move.trace else runner.run(move))
            if steps[-1].failure:
                return Rehearsal(tuple(steps))
        final = runner.last or runner.catalog()
        if models_url is None:
            read = recorder.result() if recorder else ()
            return Rehearsal(tuple(steps), final, version_table=runner.version_table(), inputs=read)
        emit("building the models' database")
        models, failure = runner.build_models(models_url)
    return Rehearsal(
        tuple(steps), final, models, failure, version_table=runner.version_table(), left_out=runner.left_out
    )


class _Watched:
    """Runs moves on tables with rows and notes what each statement did, and what the tables held before and hold after.

    Args:
        runner: what runs them.
        files: the paths of the revision files.
    """

    def __init__(self, runner: Runner, files: frozenset[str]) -> None:
        self._runner, self._files = runner, files
        self._inhabited: Inhabited | None = None
        self._tracer: Tracer | None = None
        self._traces: list[Trace] = []

    def begin(self, known: Inhabitants) -> None:
        """Take over what is known of a database that was filled before."""
        self._inhabited = Inhabited(connect(self._runner.url), known)

    def fill(self, fill: Fill) -> None:
        """Give every table that is there rows."""
        if self._inhabited is None:
            self._inhabited = Inhabited(connect(self._runner.url))
        self._inhabited.fill(fill, self._runner.version_table(), self._runner.emit)
        self._runner.last = None

    def run(self, move: Move) -> Step:
        """Run a move and watch it."""
        tables = self._inhabited
        assert tables is not None, "a move is traced after a fill"
        if move.direction == "up":
            tables.refresh(self._traces)
            self._traces = []
        found: list[Trace] = []
        with self.watch().tracing(move.revisions[-1], move.direction, tables.rows(), found):
            step = self._runner.run(move)
        self._traces += found
        holds = {} if step.failure else tables.read(self._traces)
        return replace(
            step, trace=found[0] if found else None, held=tables.held(), holds=holds, not_filled=tables.not_filled
        )

    def watch(self) -> Tracer:
        """Have every session tell what it sends from now on."""
        if self._tracer is None:
            from headgate.rehearsal.tracer import Tracer

            with connect(self._runner.url) as own:
                self._tracer = Tracer(own.info.dbname, self._files, self._runner)
            self._tracer.watch()
        return self._tracer
