"""What tracing costs: the reference backend's revisions on filled tables, with and without it.

Three figures, because what a tenth is of makes the difference. `revisions` is the time in Alembic's runs alone, one of
a few statements each. `process` is the process that runs them, with a picture of the schema after each, as the gate has
it. `rehearsal` is what a person waits for who has written one new revision: the history, 1,000 rows in every table,
and the newest revision.

python bench/trace_cost.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from headgate import config, project
from headgate.postgres import scratch
from headgate.postgres.server import scratch_server
from headgate.rehearsal import child
from headgate.rehearsal.isolation import connect, only_scratch
from headgate.rehearsal.model import Move
from headgate.rehearsal.prepared import prepared
from headgate.rehearsal.rows import fill
from headgate.rehearsal.runner import Runner
from headgate.rehearsal.trace import Trace
from headgate.rehearsal.tracer import Tracer

ROWS = """
INSERT INTO users (email, name) SELECT n || '@example.org', 'user ' || n FROM generate_series(1, 1000) n;
INSERT INTO entries (user_id, title) SELECT id, 'title' FROM users;
INSERT INTO tags (name) SELECT 'tag ' || n FROM generate_series(1, 1000) n
"""


def each(emit: child.Emit, made: project.Project, database: scratch.Database, traced: bool) -> tuple[float, int]:
    """Run every revision but the first by itself; give the seconds in them and the statements that were traced."""
    first, *others = made.revisions
    return _run(emit, made, database, traced, (first,), tuple(others))


def newest(emit: child.Emit, made: project.Project, database: scratch.Database, traced: bool) -> tuple[float, int]:
    """Run the newest revision on tables that were filled, as a rehearsal does."""
    *history, last = made.revisions
    return _run(emit, made, database, traced, tuple(history), (last,))


def _run(
    emit: child.Emit,
    made: project.Project,
    database: scratch.Database,
    traced: bool,
    history: tuple[str, ...],
    others: tuple[str, ...],
) -> tuple[float, int]:
    around = prepared(made)
    runner = Runner(str(made.ini), made.config.section, database.url(), emit, around)
    runner.listen()
    found: list[Trace] = []
    tracer = Tracer(database.name, frozenset(str(made.revisions[id_].path) for id_ in others), runner)
    with only_scratch(database.url(), around):
        if traced:
            tracer.watch()
        failure = runner.run(Move("up", history)).failure
        assert failure is None, failure
        with connect(database.url()) as connection:
            if len(others) > 1:
                connection.execute(ROWS)
            else:
                fill(connection, rows=1000, ignore=[runner.version_table()], tell=emit)
        seconds = 0.0
        for id_ in others:
            with tracer.tracing(id_, "up", {}, found) if traced else nullcontext():
                step = runner.run(Move("up", (id_,), compare=True))
            assert step.failure is None, step.failure
            seconds += step.seconds
    return seconds, sum(len(trace.statements) for trace in found)


Run = Callable[[child.Emit, project.Project, scratch.Database, bool], tuple[float, int]]


def main(rounds: int) -> None:
    """Print the medians, and the lowest, which other work on the machine disturbs least."""
    made = project.find(config.load(Path(__file__).parent))
    taken: dict[str, dict[bool, list[float]]] = {}
    statements = 0

    def take(name: str, traced: bool, seconds: float) -> None:
        taken.setdefault(name, {}).setdefault(traced, []).append(seconds)

    def timed(run: Run, traced: bool) -> tuple[float, float, int]:
        with scratch.database(server) as database:
            started = time.monotonic()
            seconds, number = child.call(run, made, database, traced)
            return seconds, time.monotonic() - started, number

    with scratch_server(cache=made.config.cache) as server:
        for _ in range(rounds):
            for traced in (False, True):
                seconds, whole, statements = timed(each, traced)
                take("revisions", traced, seconds)
                take("process", traced, whole)
                take("rehearsal", traced, timed(newest, traced)[1])
    sys.stdout.write(f"{len(made.revisions) - 1} revisions, {statements} statements, {rounds} rounds\n")
    for name, by in taken.items():
        for what, of in (("median", statistics.median), ("lowest", min)):
            plain, traced_ = of(by[False]), of(by[True])
            cost = f"{plain * 1000:.0f} ms, traced {traced_ * 1000:.0f} ms, {traced_ / plain - 1:+.0%}"
            sys.stdout.write(f"{name}, {what}: {cost}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
