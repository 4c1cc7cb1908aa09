"""Trace one revision of a real Alembic project, in a child process as a rehearsal does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from headgate.postgres import scratch
from headgate.postgres.scratch import Database
from headgate.postgres.server import Server
from headgate.rehearsal import child
from headgate.rehearsal.isolation import connect, only_scratch
from headgate.rehearsal.model import Direction, Failure, Move
from headgate.rehearsal.prepared import Prepared
from headgate.rehearsal.runner import Runner
from headgate.rehearsal.trace import Statement, Trace, Work
from headgate.rehearsal.tracer import Tracer
from tests.projects import CREATE, ENV, FIRST, SECOND, make_project, revision

ROWS = 100
SETUP = f"INSERT INTO entries SELECT n FROM generate_series(1, {ROWS}) n"


@dataclass(frozen=True)
class Traced:
    """A trace, why the run failed if it did, and the source of the revision."""

    trace: Trace
    failure: Failure | None
    source: str

    @property
    def statements(self) -> tuple[Statement, ...]:
        return self.trace.statements

    def only(self, text: str) -> Statement:
        """The one statement that has a text in it."""
        (found,) = (statement for statement in self.statements if text in statement.sql)
        return found

    def told(self, statement: Statement) -> str:
        """The line of the file that a statement is said to come from."""
        return self.source.splitlines()[statement.line - 1].strip()

    def made(self, text: str) -> list[str]:
        """What the statement with a text in it changed in the schema."""
        return [difference.summary for difference in self.only(text).made]

    def work(self, text: str) -> dict[str, Work]:
        """What the statement with a text in it did, by table."""
        return {work.relation: replace(work, relation="") for work in self.only(text).work}


Tracing = Callable[..., Traced]


@pytest.fixture
def traced(tmp_path: Path, server: Server) -> Iterator[Tracing]:
    """Trace a revision on `entries`, a table of 100 rows; see `trace`."""
    with scratch.database(server) as database:
        yield lambda *arguments, **options: trace(tmp_path, database, *arguments, **options)


def trace(
    folder: Path,
    database: Database,
    up: str,
    down: str = "pass",
    *,
    direction: Direction = "up",
    setup: str = "",
    env: str = ENV,
    extra: str = "",
    files: Mapping[str, str] | None = None,
    rows: Mapping[str, int] | None = None,
) -> Traced:
    """Trace the second revision of a project.

    Args:
        folder: where the project is made.
        database: where it runs.
        up: the body of upgrade().
        down: the body of downgrade().
        direction: which of them is traced; for `down`, the upgrade has run before.
        setup: SQL that runs before, after `entries` was made and filled.
        env: the source of env.py.
        extra: more lines at the top of the revision.
        files: more files of the project.
        rows: what else is there besides `entries`.
    """
    source = revision(SECOND, FIRST, up, down, extra=extra)
    made = make_project(folder / "project", {"first.py": CREATE, "second.py": source}, env=env)
    for name, text in (files or {}).items():
        (made.root / name).write_text(text)
    given = {"entries": ROWS, **(rows or {})}
    path = str(made.versions / "second.py")
    found, failure = child.call(_run, made.ini, path, database, direction, f"{SETUP};{setup}", given)
    return Traced(found, failure, source)


def _run(
    emit: child.Emit,
    ini: Path,
    path: str,
    database: Database,
    direction: Direction,
    setup: str,
    rows: Mapping[str, int],
) -> tuple[Trace, Failure | None]:
    around = Prepared(ini.parent, ini.parent)
    runner = Runner(str(ini), "alembic", database.url(), emit, around)
    runner.listen()
    tracer, found = Tracer(database.name, frozenset({path}), runner), list[Trace]()
    tracer.watch()
    with only_scratch(database.url(), around):
        assert runner.run(Move("up", (FIRST,))).failure is None
        with connect(database.url()) as connection:
            connection.execute(setup)
        if direction == "down":
            assert runner.run(Move("up", (SECOND,))).failure is None
        with tracer.tracing(SECOND, direction, rows, found):
            step = runner.run(Move(direction, (SECOND,)))
    return found[0], step.failure
