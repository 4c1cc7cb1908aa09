"""What tracing costs: the reference backend's revisions on filled tables, with and without it.

python bench/trace_cost.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from headgate import config, project
from headgate.postgres import scratch
from headgate.postgres.server import scratch_server
from headgate.rehearsal import child
from headgate.rehearsal.isolation import connect, only_scratch
from headgate.rehearsal.model import Move
from headgate.rehearsal.runner import Runner
from headgate.rehearsal.trace import Trace
from headgate.rehearsal.tracer import Tracer

ROWS = """
INSERT INTO users (email, name) SELECT n || '@example.org', 'user ' || n FROM generate_series(1, 1000) n;
INSERT INTO entries (user_id, title) SELECT id, 'title' FROM users;
INSERT INTO tags (name) SELECT 'tag ' || n FROM generate_series(1, 1000) n
"""


def run(emit: child.Emit, made: project.Project, database: scratch.Database, traced: bool) -> tuple[float, int]:
    """Run every revision but the first; give the seconds that it took and the statements that were traced."""
    runner = Runner(str(made.ini), made.config.section, database.url(), emit)
    runner.listen()
    first, *others = made.revisions
    found: list[Trace] = []
    with only_scratch(database.url(), made.config.url_variable, made.ini.parent):
        assert runner.run(Move("up", (first,))).failure is None
        with connect(database.url()) as connection:
            connection.execute(ROWS)
        tracer = Tracer(database.name, frozenset(str(made.revisions[id_].path) for id_ in others))
        if traced:
            tracer.watch()
        seconds = 0.0
        for id_ in others:
            with tracer.tracing(id_, "up", {}, found):
                step = runner.run(Move("up", (id_,)))
            assert step.failure is None, step.failure
            seconds += step.seconds
    return seconds, sum(len(trace.statements) for trace in found)


def main(rounds: int) -> None:
    """Print the medians of the revisions alone, and of the process that runs them."""
    made = project.find(config.load(Path(__file__).parent))
    alone: dict[bool, list[float]] = {False: [], True: []}
    whole: dict[bool, list[float]] = {False: [], True: []}
    statements = 0
    with scratch_server(cache=made.config.cache) as server:
        for _ in range(rounds):
            for traced in (False, True):
                with scratch.database(server) as database:
                    started = time.monotonic()
                    seconds, statements = child.call(run, made, database, traced)
                    whole[traced].append(time.monotonic() - started)
                alone[traced].append(seconds)
    sys.stdout.write(f"{len(made.revisions) - 1} revisions, {statements} statements, medians of {rounds}\n")
    for name, taken in (("revisions", alone), ("process", whole)):
        plain, traced_ = statistics.median(taken[False]), statistics.median(taken[True])
        sys.stdout.write(f"{name}: {plain * 1000:.0f} ms, traced {traced_ * 1000:.0f} ms, {traced_ / plain - 1:+.0%}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
