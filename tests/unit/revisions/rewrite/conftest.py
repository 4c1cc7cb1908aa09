"""Run a revision, as it was and as it was rewritten, on real databases that have rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import event, pool

from headgate.catalog import Catalog, diff, snapshot
from headgate.postgres import scratch
from headgate.postgres.scratch import Database
from headgate.postgres.server import Server
from headgate.rehearsal import child
from headgate.rehearsal.trace import Trace
from headgate.rehearsal.tracer import Tracer
from headgate.revisions.rewrite import Wanted, rewrite
from tests.projects import FIRST, SECOND, revision

ROWS = 200
TABLES = f"""
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
CREATE TABLE entries (id bigint NOT NULL, user_id bigint NOT NULL, amount int NOT NULL, note text, code text NOT NULL);
INSERT INTO users SELECT n, 'u' || n FROM generate_series(1, {ROWS}) n;
INSERT INTO entries SELECT n, n, n, 'note', n FROM generate_series(1, {ROWS}) n
"""


class Stopped(Exception):
    """The run was stopped before a statement."""


@dataclass(frozen=True)
class Proved:
    """A rewriting that was proved on the server.

    Args:
        source: the rewritten file.
        trace: what its upgrade did.
        stops: before how many of its statements it was stopped and run again.
    """

    source: str
    trace: Trace
    stops: int


Proving = Callable[..., Proved]


def line_of(source: str, text: str) -> int:
    """The line that a text stands on, the first one."""
    return next(number for number, line in enumerate(source.splitlines(), 1) if text in line)


def run(database: Database, source: str, function: str = "upgrade", *, stop: int = 0) -> int:
    """Run a function of a revision as Alembic does, and say how many statements it sent.

    Args:
        database: where.
        source: the revision.
        function: `upgrade` or `downgrade`.
        stop: the statement before which it is stopped, counted from 1.
    """
    sent = 0
    engine = sa.create_engine(database.url(), poolclass=pool.NullPool)

    @event.listens_for(engine, "before_cursor_execute")
    def count(*_: object) -> None:
        nonlocal sent
        sent += 1
        if sent == stop:
            raise Stopped

    with engine.connect() as connection:
        sent = 0
        _migrate(connection, source, function)
    return sent


def _migrate(connection: sa.Connection, source: str, function: str, path: str = "revision.py") -> None:
    context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
    with Operations.context(context), context.begin_transaction(_per_migration=True):
        namespace: dict[str, Any] = {}
        exec(compile(source, path, "exec"), namespace)
        namespace[function]()


def trace(_emit: child.Emit, database: Database, source: str, path: str, rows: Mapping[str, int]) -> Trace:
    """Trace an upgrade; for a child process."""
    tracer, found = Tracer(database.name, frozenset({path})), list[Trace]()
    tracer.watch()
    engine = sa.create_engine(database.url(), poolclass=pool.NullPool)
    with engine.connect() as connection, tracer.tracing(SECOND, "up", rows, found):
        _migrate(connection, source, "upgrade", path)
    return found[0]


def schema(database: Database) -> Catalog:
    """The catalog of a database."""
    with database.connect() as connection:
        return snapshot(connection)


def left(before: Catalog, after: Catalog) -> list[str]:
    """What differs between two catalogs, order of columns apart."""
    return [one.sentence() for one in diff(before, after) if one.change != "moved"]


@pytest.fixture
def prove(tmp_path: Path, server: Server) -> Proving:
    """Rewrite a revision and prove the result; see `_prove`."""
    return lambda *arguments, **options: _prove(tmp_path, server, *arguments, **options)


def _prove(
    folder: Path,
    server: Server,
    up: str,
    down: str,
    wanted: Mapping[str, str],
    *,
    setup: str = "",
    data: Mapping[str, str] | None = None,
    blocks: bool = False,
    fails: bool = False,
) -> Proved:
    """Prove that a rewritten revision does what the first one did, and does it safely.

    It leaves the same catalog, goes back, may be stopped before any statement and run again, and no work that grows
    is done while others wait.

    Args:
        folder: where the file is written.
        server: where the databases are made.
        up: the body of upgrade().
        down: the body of downgrade().
        wanted: the text on a line of it, and the rule that speaks of that line.
        setup: SQL that runs after the tables were made.
        data: what the findings know.
        blocks: whether work under a lock stays, because there is no form without it.
        fails: whether the revision as it was does not run at all.
    """
    source = revision(SECOND, FIRST, up, down)
    done = rewrite(source, [Wanted(rule, line_of(source, text), data or {}) for text, rule in wanted.items()])
    assert done.refused == ()
    assert done.source != source
    with _filled(server, setup) as template:
        with scratch.database(server, template) as database:
            base = schema(database)
            if not fails:
                run(database, source)
                expected = schema(database)
        with scratch.database(server, template) as database:
            run(database, done.source)
            made = schema(database)
            assert fails or left(expected, made) == []
            run(database, done.source, "downgrade")
            assert left(base, schema(database)) == []
            count = run(database, done.source)
            assert left(made, schema(database)) == []
        for stop in range(1, count + 1):
            with scratch.database(server, template) as database:
                with pytest.raises(Stopped):
                    run(database, done.source, stop=stop)
                run(database, done.source)
                assert left(made, schema(database)) == [], f"stopped before statement {stop}"
        with scratch.database(server, template) as database:
            path = folder / "revision.py"
            path.write_text(done.source)
            rows = {"entries": ROWS, "users": ROWS}
            seen = child.call(trace, database, done.source, str(path), rows)
    assert blocks or [(one.sql, lock.mode) for one, _, lock in seen.blocking()] == []
    assert not any(one.error for one in seen.statements)
    return Proved(done.source, seen, count)


@contextmanager
def _filled(server: Server, setup: str) -> Iterator[str]:
    with scratch.database(server) as database:
        with database.connect() as connection:
            connection.execute(f"{TABLES};{setup}")
        yield scratch.freeze(server, database)
