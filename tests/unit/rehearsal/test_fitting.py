"""`headgate.rehearsal.fitting`: rows that fit what a revision is going to make of the tables."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from headgate.catalog import snapshot
from headgate.postgres.scratch import Database
from headgate.rehearsal.fitting import bindings, bound, filled, loosened
from headgate.rehearsal.rows import fill

START = """
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, status text DEFAULT 'new', flow varchar NOT NULL, a bool, b bool,
    p_id int, mood text)
"""

# The statement of a revision, and what holds of every row that fits it.
CASES = {
    "CHECK": ("ALTER TABLE t ADD CHECK (status IN ('a', 'b'))", "status IN ('a', 'b') OR status IS NULL"),
    "a type": ("ALTER TABLE t ALTER flow TYPE uuid USING flow::uuid", "flow::uuid IS NOT NULL"),
    "a default": (
        "ALTER TABLE t ALTER status DROP DEFAULT, ALTER status TYPE int USING status::int",
        "status::int IS NOT NULL OR status IS NULL",
    ),
    "an enum that it makes": (
        "CREATE TYPE mood AS ENUM ('calm', 'merry'); ALTER TABLE t ALTER mood TYPE mood USING mood::mood",
        "mood IN ('calm', 'merry')",
    ),
    "UNIQUE": ("CREATE UNIQUE INDEX u ON t (a, b)", "(SELECT count(*) FROM t) <= 9"),
    "FOREIGN KEY": ("ALTER TABLE t ADD FOREIGN KEY (p_id) REFERENCES p", "p_id IN (SELECT id FROM p)"),
}


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    """A connection to a database with the tables, empty."""
    with database.connect() as connection:
        connection.execute(START)
        yield connection


@pytest.mark.parametrize("case", CASES)
def test_rows_fit_and_the_schema_is_as_before(case: str, connection: psycopg.Connection) -> None:
    """The revision then passes and is watched to its end; nothing of what helped is left for it to see."""
    statement, holds = CASES[case]
    before = snapshot(connection)
    connection.autocommit = False
    connection.execute(statement)
    after = snapshot(connection)
    connection.rollback()
    connection.autocommit = True

    with bound(connection, bindings(before, after)):
        fill(connection, rows=50, awkward=False)

    assert snapshot(connection) == before
    assert connection.execute(f"SELECT count(*) FROM t WHERE NOT ({holds})").fetchone() == (0,)
    assert connection.execute("SELECT count(*) > 0 FROM t").fetchone() == (True,)
    connection.execute(statement)


PARTED = """
CREATE TABLE "P p" (id int NOT NULL, region text) PARTITION BY LIST (region);
CREATE TABLE others PARTITION OF "P p" DEFAULT;
CREATE TABLE "Ö 1" (id int NOT NULL, region text)
"""


@pytest.mark.parametrize(
    "statement",
    [
        """ALTER TABLE "P p" ATTACH PARTITION "Ö 1" FOR VALUES IN ('eu', NULL)""",
        """CREATE TABLE eu PARTITION OF "P p" FOR VALUES IN ('eu', NULL)""",
    ],
)
def test_rows_fit_the_bounds_of_a_partition_and_what_is_left_to_the_default_one(
    statement: str, connection: psycopg.Connection
) -> None:
    """A row outside of the bounds stops the statement, and nothing would be known of the lock that it reads under."""
    connection.execute(PARTED)
    before = snapshot(connection)
    connection.autocommit = False
    connection.execute(statement)
    after = snapshot(connection)
    connection.rollback()
    connection.autocommit = True

    with bound(connection, bindings(before, after)):
        fill(connection, rows=50, awkward=False)

    assert snapshot(connection) == before
    assert connection.execute('SELECT (SELECT count(*) FROM others), (SELECT count(*) FROM "Ö 1")').fetchone() == (
        50,
        50,
    )
    connection.execute(statement)


def test_a_binding_that_the_server_refuses_is_left_out(connection: psycopg.Connection) -> None:
    """The history may have put rows there that do not fit; then they are as they are."""
    connection.execute("INSERT INTO t VALUES (1, 'other', 'x')")

    with bound(
        connection, [("ALTER TABLE t ADD CONSTRAINT c CHECK (status = 'a')", "ALTER TABLE t DROP CONSTRAINT c")]
    ):
        connection.execute("INSERT INTO t VALUES (2, 'third', 'x')")

    assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)


def test_what_is_not_validated_lets_awkward_rows_in(connection: psycopg.Connection) -> None:
    """Such a constraint says nothing of older rows, and is there again afterwards, as it was."""
    connection.execute("ALTER TABLE t ADD CONSTRAINT c CHECK (status = 'a') NOT VALID")
    before = snapshot(connection)

    with bound(connection, loosened(connection)):
        connection.execute("INSERT INTO t VALUES (1, 'other', 'x')")

    assert snapshot(connection) == before


def test_tables_that_cannot_be_let_go_are_filled_as_they_are(connection: psycopg.Connection) -> None:
    """Not every value of a longer type is one of the shorter; the fill must not fail for it."""
    before = snapshot(connection)
    widens = (
        "ALTER TABLE t ALTER p_id TYPE text USING NULL::text",
        "ALTER TABLE t ALTER p_id TYPE int USING p_id::text::int",
    )

    found = filled(connection, [widens], lambda: fill(connection, rows=50, awkward=False))

    assert snapshot(connection) == before
    assert found.tables["t"] == 50
