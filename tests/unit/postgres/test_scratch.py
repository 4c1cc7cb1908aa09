"""Scratch databases: cloned from a template, apart from each other, dropped at the end."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from headgate.postgres import scratch
from headgate.postgres.scratch import Database
from headgate.postgres.server import Server, scratch_server


def names(server: Server) -> set[str]:
    with server.connect() as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database")}


def fill(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE entries AS SELECT generate_series(1, 1000) AS id")


def rows(database: Database) -> int:
    with database.connect() as connection:
        row = connection.execute("SELECT count(*) FROM entries").fetchone()
    assert row
    return int(row[0])


def test_a_clone_has_the_rows_of_its_template_and_a_life_of_its_own(each_server: Server) -> None:
    """A rehearsal may do what it likes: the next one starts from the same state."""
    with scratch.database(each_server) as original:
        fill(original)
        template = scratch.freeze(each_server, original)
        with scratch.database(each_server, template) as one, scratch.database(each_server, template) as other:
            with one.connect() as connection:
                connection.execute("DELETE FROM entries")
            assert (rows(one), rows(other)) == (0, 1000)


def test_a_database_is_dropped_at_the_end(server: Server) -> None:
    """A template is, too: it is not one that PostgreSQL would let us drop as it is."""
    before = names(server)
    with scratch.database(server) as original:
        template = scratch.freeze(server, original)
        with scratch.database(server, template) as clone:
            assert names(server) - before == {original.name, clone.name}
    assert names(server) == before


def fail_with_a_transaction_open(server: Server, afterwards: ExitStack) -> None:
    with scratch.database(server) as made:
        connection = made.connect(autocommit=False)
        afterwards.callback(connection.close)
        connection.execute("CREATE TABLE entries (id integer)")
        raise ZeroDivisionError


def test_a_database_is_dropped_after_a_failure_with_a_connection_open(server: Server) -> None:
    """The connection that a failed revision left in a transaction must not keep the database."""
    before = names(server)
    with ExitStack() as afterwards:
        with pytest.raises(ZeroDivisionError):
            fail_with_a_transaction_open(server, afterwards)
        assert names(server) == before


def test_freezing_cuts_off_who_is_connected(server: Server) -> None:
    """A pool that still holds a connection would make each clone fail with `source database is being accessed`."""
    with scratch.database(server) as original:
        pooled = original.connect()
        template = scratch.freeze(server, original)
        with scratch.database(server, template):
            pass
        with pytest.raises(psycopg.OperationalError):
            pooled.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
            original.connect()
        pooled.close()


def test_dropping_what_is_gone_is_no_error(server: Server) -> None:
    """A revision may drop the database that it ran in."""
    with scratch.database(server) as made:
        scratch.drop(server, made.name)


def test_the_reason_is_not_hidden_when_the_server_is_gone(
    cache: Path, gone: Callable[..., bool], postmaster: Callable[..., tuple[int, int]]
) -> None:
    """What stopped the rehearsal is what the user has to read, not that the database could not be dropped."""

    def lose_the_server() -> None:
        with scratch_server(cache=cache) as server, scratch.database(server):
            pid, _ = postmaster(server.host)
            os.kill(pid, signal.SIGQUIT)
            assert gone(pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lose_the_server()


def test_a_database_crosses_a_process_boundary(server: Server) -> None:
    """Rehearsals run in processes of their own."""
    with scratch.database(server) as made:
        assert pickle.loads(pickle.dumps(made)) == made
