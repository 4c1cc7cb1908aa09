"""What tracing costs: the reference backend's revisions on filled tables, with and without it.

Three figures, because what a tenth is of makes the difference. `revisions` are Alembic's runs alone, one of a few
statements each, with a picture of the schema after each, as the gate has it. `process` is all of the process that runs
them. `rehearsal` is what a person waits for who has written one new revision: the history, 1,000 rows in every table,
and the newest revision.

What is counted is the work of the processors, in the rehearsal's process and in the server's, and not what a clock
shows, on which everything else that the machine does would be counted too. Each round runs both, in turn, and the cost
is the median of what they differ by. It reads /proc: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html

python bench/trace_cost.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from headgate import config, project
from headgate.postgres import scratch
from headgate.postgres.server import Server, scratch_server
from headgate.rehearsal import child
from headgate.rehearsal.isolation import connect, only_scratch
from headgate.rehearsal.model import Move
from headgate.rehearsal.prepared import prepared
from headgate.rehearsal.rows import fill
from headgate.rehearsal.runner import Runner
from headgate.rehearsal.trace import Trace
from headgate.rehearsal.tracer import Tracer

_TICK = os.sysconf("SC_CLK_TCK")
_UTIME, _CUTIME = 11, 13  # of the fields behind the name, counted from 0; the time in the kernel follows each

ROWS = """
INSERT INTO users (email, name) SELECT n || '@example.org', 'user ' || n FROM generate_series(1, 1000) n;
INSERT INTO entries (user_id, title) SELECT id, 'title' FROM users;
INSERT INTO tags (name) SELECT 'tag ' || n FROM generate_series(1, 1000) n
"""


class Work:
    """The processor time that this process and a server have taken so far.

    Args:
        postmaster: the server's first process.
    """

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster

    def seconds(self) -> float:
        """Give it; a session that ends just now is missed by at most one tick of the clock, of 10 ms."""
        spent = time.process_time() + self._of(self._postmaster, _CUTIME)
        for pid in Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children").read_text().split():
            with suppress(FileNotFoundError, ProcessLookupError):
                spent += self._of(int(pid), _UTIME)
        return spent

    @staticmethod
    def _of(pid: int, field: int) -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[field]) + int(fields[field + 1])) / _TICK


@dataclass(frozen=True)
class Taken:
    """The seconds of processor time in the revisions and in the whole process, and how many statements were traced."""

    revisions: float
    process: float
    statements: int


def each(emit: child.Emit, made: project.Project, database: scratch.Database, work: Work, traced: bool) -> Taken:
    """Run every revision but the first by itself; give what they took and how many statements were traced."""
    first, *others = made.revisions
    return _run(emit, made, database, work, traced, (first,), tuple(others))


def newest(emit: child.Emit, made: project.Project, database: scratch.Database, work: Work, traced: bool) -> Taken:
    """Run the newest revision on tables that were filled, as a rehearsal does."""
    *history, last = made.revisions
    return _run(emit, made, database, work, traced, tuple(history), (last,))


def _run(
    emit: child.Emit,
    made: project.Project,
    database: scratch.Database,
    work: Work,
    traced: bool,
    history: tuple[str, ...],
    others: tuple[str, ...],
) -> Taken:
    began = work.seconds()
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
        before = work.seconds()
        for id_ in others:
            with tracer.tracing(id_, "up", {}, found) if traced else nullcontext():
                step = runner.run(Move("up", (id_,), compare=True))
            assert step.failure is None, step.failure
    now = work.seconds()
    return Taken(now - before, now - began, sum(len(trace.statements) for trace in found))


Run = Callable[[child.Emit, project.Project, scratch.Database, Work, bool], Taken]


def postmaster(server: Server) -> int:
    """Give the server's first process."""
    with server.connect() as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return int(Path(row[0], "postmaster.pid").read_text().split()[0])


def main(rounds: int) -> None:
    """Print the medians of both, and the median of what they differ by."""
    made = project.find(config.load(Path(__file__).parent))
    taken: dict[str, list[tuple[float, float]]] = {"revisions": [], "process": [], "rehearsal": []}
    statements = 0
    with scratch_server(cache=made.config.cache) as server:
        work = Work(postmaster(server))

        def timed(run: Run, traced: bool) -> Taken:
            with scratch.database(server) as database:
                return child.call(run, made, database, work, traced)

        for number in range(rounds):
            order = (False, True) if number % 2 else (True, False)
            all_ = {traced: timed(each, traced) for traced in order}
            last = {traced: timed(newest, traced) for traced in order}
            statements = all_[True].statements
            taken["revisions"].append((all_[False].revisions, all_[True].revisions))
            taken["process"].append((all_[False].process, all_[True].process))
            taken["rehearsal"].append((last[False].process, last[True].process))
    sys.stdout.write(f"{len(made.revisions) - 1} revisions, {statements} statements, {rounds} rounds, processor time\n")
    for name, pairs in taken.items():
        plain = statistics.median(one for one, _ in pairs)
        cost = statistics.median(other - one for one, other in pairs)
        sys.stdout.write(f"{name}: {plain * 1000:.0f} ms, traced {cost * 1000:+.0f} ms, {cost / plain:+.0%}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
