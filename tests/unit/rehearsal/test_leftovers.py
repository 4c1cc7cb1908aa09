"""`headgate.rehearsal.leftovers`: what a revision leaves open or running stands in nobody's way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import psycopg
import pytest

from headgate.postgres import scratch
from headgate.postgres.scratch import Database
from headgate.postgres.server import Server
from headgate.rehearsal.isolation import connect
from headgate.rehearsal.leftovers import end_transactions, in_this_process

Connect = Callable[..., psycopg.Connection[Any]]


@pytest.fixture
def own(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """Headgate's own session on a database that has one table."""
    with connect(database.url()) as connection:
        connection.execute("CREATE TABLE entries (id int)")
        yield connection


@pytest.fixture
def session(database: Database) -> Iterator[Connect]:
    """Opens sessions as a revision would; they end with the test."""
    with ExitStack() as stack:

        def open_one(of: Database = database, *, autocommit: bool = False) -> psycopg.Connection[Any]:
            connection = of.connect(autocommit=autocommit)
            stack.callback(connection.close)
            return connection

        yield open_one


def _is_alive(connection: psycopg.Connection[Any]) -> bool:
    try:
        return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_a_transaction_that_wrote_is_ended_and_what_it_wrote_is_said_to_be_lost(
    own: psycopg.Connection[Any], session: Connect
) -> None:
    """Where the revision is deployed its process ends, and the server rolls back; nobody would have told."""
    left = session()
    left.execute("INSERT INTO entries VALUES (1)")

    assert end_transactions(own)

    assert not _is_alive(left)
    assert own.execute("SELECT count(*) FROM entries").fetchone() == (0,)


def test_its_locks_are_free_at_once(own: psycopg.Connection[Any], session: Connect) -> None:
    """The next run would wait for them for ever."""
    session().execute("LOCK TABLE entries")

    end_transactions(own)

    own.execute("SET lock_timeout = '100ms'; DROP TABLE entries")


@pytest.mark.parametrize("statement", ["SELECT count(*) FROM entries", "SELECT nothing"], ids=["read", "failed"])
def test_of_a_transaction_that_wrote_nothing_nothing_is_lost(
    statement: str, own: psycopg.Connection[Any], session: Connect
) -> None:
    """It is ended all the same, or the table could not be dropped; the revision is not blamed for it."""
    left = session()
    with suppress(psycopg.errors.UndefinedColumn):
        left.execute(statement)

    assert not end_transactions(own)

    assert not _is_alive(left)


def test_every_one_of_several_is_ended(own: psycopg.Connection[Any], session: Connect) -> None:
    """One that wrote is enough for something to be lost, whichever it is."""
    wrote, read = session(), session()
    wrote.execute("INSERT INTO entries VALUES (1)")
    read.execute("SELECT 1")

    assert end_transactions(own)

    assert (_is_alive(wrote), _is_alive(read)) == (False, False)


def test_a_session_in_no_transaction_goes_on(own: psycopg.Connection[Any], session: Connect) -> None:
    """An engine of the project's keeps its connections, and the next revision may use them."""
    kept = session(autocommit=True)
    kept.execute("INSERT INTO entries VALUES (1)")

    assert not end_transactions(own)

    assert _is_alive(kept)


def test_the_asking_session_goes_on_within_its_transaction(own: psycopg.Connection[Any]) -> None:
    """It would end itself."""
    with own.transaction():
        own.execute("INSERT INTO entries VALUES (1)")
        assert not end_transactions(own)
    assert own.execute("SELECT count(*) FROM entries").fetchone() == (1,)


def test_other_databases_are_left_alone(own: psycopg.Connection[Any], session: Connect, server: Server) -> None:
    """On a server that others use, too, headgate ends only what was begun on its own databases."""
    with scratch.database(server) as theirs:
        other = session(theirs)
        other.execute("CREATE TABLE t ()")

        assert not end_transactions(own)

        assert _is_alive(other)
        other.close()


def test_the_end_of_a_function_is_told_once_with_its_arguments_passed_on() -> None:
    """From then on it is Alembic that works, and a failure is no longer the revision's line."""
    told: list[object] = []

    in_this_process(lambda *given, **named: told.append((given, named)), lambda: told.append("ended"))(1, name=2)

    assert told == [((1,), {"name": 2}), "ended"]


def test_a_function_that_raises_has_not_ended() -> None:
    """Its error is the revision's, and goes on as it is."""
    told: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_this_process(fail, lambda: told.append("ended"))()
    assert told == []


_FORKS = """
import os
from headgate.rehearsal.leftovers import in_this_process

def upgrade():
    if os.fork() == 0:
        {does}
    else:
        os.wait()

in_this_process(upgrade, lambda: print("ended", flush=True))()
print("after", flush=True)
"""


@pytest.mark.parametrize("does", ["pass", "return", "raise ValueError"])
def test_a_process_that_the_revision_forked_ends_where_the_revision_does(does: str) -> None:
    """It would go on as a second Alembic on the same connection, and run every further revision again."""
    done = subprocess.run([sys.executable, "-c", _FORKS.format(does=does)], capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\nafter\n", "")
