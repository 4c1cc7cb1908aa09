"""`headgate.rehearsal.inhabited`: tables with rows, followed while a revision renames and drops them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from headgate.postgres.scratch import Database
from headgate.rehearsal.inhabited import Inhabited
from headgate.rehearsal.isolation import connect
from headgate.rehearsal.model import Fill
from headgate.rehearsal.trace import Lock, Statement, Trace

VERSION = ("public", "alembic_version")


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with connect(database.url()) as own:
        own.execute("CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL)")
        own.execute("CREATE TABLE tags (id int PRIMARY KEY)")
        yield own


def _touching(*tables: str) -> Trace:
    locks = tuple(Lock(table, "table", "ACCESS EXCLUSIVE") for table in tables)
    return Trace("r", "up", (Statement(1, "…", "p", 1, "upgrade", 1, locks=locks, held=locks),), {})


def _filled(connection: psycopg.Connection[tuple[object, ...]]) -> Inhabited:
    tables = Inhabited(connection)
    tables.fill(Fill(20), VERSION, lambda _: None)
    return tables


def test_a_table_keeps_its_rows_under_another_name(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """The next revision knows it by the new one, and it is still a table that others use."""
    tables = _filled(connection)
    connection.execute("ALTER TABLE users RENAME TO people")
    connection.execute("DROP TABLE tags")
    connection.execute("CREATE TABLE made (id int)")

    assert tables.rows() == {"people": 20}


def test_only_what_a_revision_touched_is_read_again(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Reading every table after every revision would take longer than the revisions."""
    tables = _filled(connection)
    held = tables.held()
    connection.execute("DELETE FROM users")
    connection.execute("DELETE FROM tags")

    assert tables.read([_touching("users"), None]) == {"users": {**tables.read([_touching("users")])["users"]}}
    assert tables.read([_touching("users")])["users"][""].present == 0
    assert held["users"][""].present == 20


def test_a_table_that_was_made_anew_is_read_under_its_name(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """A downgrade brings back what the upgrade dropped: a table of the same name, without the rows."""
    tables = _filled(connection)
    connection.execute("DROP TABLE tags")
    assert tables.read([_touching("tags")]) == {"tags": {}}

    connection.execute("CREATE TABLE tags (id int)")
    assert tables.read([_touching("tags")])["tags"][""].present == 0


def test_a_table_that_a_revision_made_is_read_too(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """The values of a dropped column may stand there."""
    tables = _filled(connection)
    held = tables.held()
    connection.execute("CREATE TABLE names AS SELECT id AS user_id, name FROM users")

    assert tables.read([_touching("tags")])["names"]["name"] == held["users"]["name"]


def test_what_a_revision_left_is_what_the_next_one_starts_from(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    """Or the loss would be told once for each revision after it."""
    tables = _filled(connection)
    connection.execute("DELETE FROM users WHERE id = (SELECT min(id) FROM users)")
    tables.refresh([_touching("users")])

    assert tables.held()["users"][""].present == 19
    assert tables.held()["tags"][""].present == 20
