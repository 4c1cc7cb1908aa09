"""What a fill takes over, leaves alone, and says."""

from __future__ import annotations

import pytest

from headgate.errors import HeadgateError
from headgate.postgres.scratch import Database
from headgate.rehearsal.rows import Filled, fill


def test_rows_that_are_there_stay_and_count(database: Database) -> None:
    """A revision inserted them, and later ones rely on them."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE roles (id serial PRIMARY KEY, name text UNIQUE); INSERT INTO roles (name) VALUES ('a'), ('b')"
        )
        assert fill(connection, rows=50) == Filled({"roles": 50}, {})
        assert connection.execute(
            "SELECT name FROM roles WHERE name IN ('a', 'b') AND id IN (1, 2) ORDER BY id"
        ).fetchall() == [("a",), ("b",)]


def test_a_second_fill_adds_what_is_missing(database: Database) -> None:
    """The rows of a template and those of a later rehearsal are made by two calls."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE t (id uuid PRIMARY KEY, n int UNIQUE)")
        fill(connection, rows=100)
        assert fill(connection, rows=300).tables == {"t": 300}


@pytest.mark.parametrize(
    "column",
    [
        "id serial PRIMARY KEY",
        "id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "id int PRIMARY KEY DEFAULT nextval('own')",
    ],
)
def test_the_next_row_of_a_sequence_does_not_collide(database: Database, column: str) -> None:
    """A revision inserts a row and leaves the key to the sequence, or takes the number after the last one."""
    with database.connect() as connection:
        connection.execute("CREATE SEQUENCE own")
        connection.execute(f"CREATE TABLE t ({column}, v text); INSERT INTO t (v) VALUES ('a')".encode())
        fill(connection)
        for _ in range(3):
            connection.execute("INSERT INTO t (v) VALUES ('new')")
        connection.execute(
            "INSERT INTO t (id, v) OVERRIDING SYSTEM VALUE SELECT n, 'b' FROM generate_series(2, 40) AS n"
        )


def test_the_version_table_is_left_alone(database: Database) -> None:
    """A second row in it, and Alembic finds two heads."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); CREATE TABLE t (id int)"
        )
        assert fill(connection, rows=10).tables == {"t": 10}
        assert fill(connection, rows=10, ignore=[("public", "t")]).tables == {"alembic_version": 10}


def test_rows_that_the_project_gives_take_the_place_of_ours(database: Database) -> None:
    """What a project knows about its rows no catalog tells; children still point to them."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE plans (id int PRIMARY KEY); CREATE TABLE t (plan int NOT NULL REFERENCES plans)"
        )
        filled = fill(
            connection, rows=9, given={"plans": ["INSERT INTO plans VALUES (7)", "INSERT INTO plans VALUES (8)"]}
        )
        assert filled == Filled({"plans": 2, "t": 9}, {})
        assert connection.execute("SELECT DISTINCT plan FROM t ORDER BY 1").fetchall() == [(7,), (8,)]


def test_given_rows_that_are_refused_stop_the_fill(database: Database) -> None:
    """The project must correct them; rows of ours in their place would be a lie."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE plans (id int PRIMARY KEY)")
        with pytest.raises(HeadgateError) as raised:
            fill(connection, given={"plans": ["INSERT INTO plans VALUES (NULL)"]})
    assert str(raised.value) == (
        'The rows given for plans were refused: null value in column "id" of relation "plans" violates not-null '
        "constraint\n"
        "Correct the statement; it runs after those of the tables that this one points to."
    )


NOT_FILLED = {
    "no row was found that satisfies CHECK ((id > 5) AND (id < 3))": (
        "CREATE TABLE t (id int NOT NULL CHECK (id > 5 AND id < 3))"
    ),
    "no value of type nothing is known to the server for e": (
        "CREATE TYPE nothing AS ENUM (); CREATE TABLE t (e nothing NOT NULL)"
    ),
    "no value of type xml is known to the server for x": "CREATE TABLE t (x xml NOT NULL)",
    "no row was accepted": "CREATE TABLE t (id int); CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING",
    "each row needs one of p, which has none": (
        "CREATE TABLE p (x xml NOT NULL, id int PRIMARY KEY); CREATE TABLE t (p int NOT NULL REFERENCES p)"
    ),
    'no partition of relation "t" found for row': "CREATE TABLE t (d int) PARTITION BY RANGE (d)",
    "a foreign table: its rows are on another server": """
        CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE t (id int) SERVER s
    """,
}


@pytest.mark.parametrize(("why", "schema"), NOT_FILLED.items(), ids=NOT_FILLED.keys())
def test_a_table_without_rows_is_reported_with_the_reason(why: str, schema: str, database: Database) -> None:
    """A revision over an empty table is not rehearsed, and whoever reads the report can do something about it."""
    with database.connect() as connection:
        connection.execute(schema.encode())
        assert fill(connection, rows=20).not_filled["t"] == why


def test_of_a_circle_no_row_is_left_that_points_nowhere(database: Database) -> None:
    """Replication mode lets such rows in, and a revision would fail over what no database can hold."""
    schema = """
        CREATE TABLE t (id int PRIMARY KEY, u int NOT NULL); CREATE TABLE u (id int PRIMARY KEY, t int NOT NULL, x xml NOT NULL);
        ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES u; ALTER TABLE u ADD FOREIGN KEY (t) REFERENCES t
    """
    with database.connect() as connection:
        connection.execute(schema.encode())
        assert fill(connection, rows=10) == Filled(
            {"t": 0, "u": 0},
            {
                "t": "each row needs one of u, which has none",
                "u": "no value of type xml is known to the server for x",
            },
        )


@pytest.mark.parametrize("keys", ["", ", PRIMARY KEY (a, b)"], ids=["plain", "with a key of both"])
def test_a_link_of_rows_joins_two_different_ones(keys: str, database: Database) -> None:
    """Where all join a row with itself, a DELETE of such rows takes every one; where none does, a CHECK is not tried."""
    link = f"a int NOT NULL REFERENCES t, b int NOT NULL REFERENCES t{keys}"
    with database.connect() as connection:
        connection.execute(f"CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE link ({link})".encode())
        assert fill(connection, rows=40, awkward=False).tables["link"] == 40
        assert connection.execute("SELECT count(*) FROM link WHERE a = b").fetchall() == [(0,)]
        connection.execute("TRUNCATE link")
        fill(connection, rows=40)
        assert connection.execute("SELECT count(*) > 0 FROM link WHERE a = b").fetchall() == [(True,)]


def test_rows_given_for_no_table_are_reported(database: Database) -> None:
    """A name that was typed wrongly must not go unnoticed."""
    with database.connect() as connection:
        filled = fill(connection, given={"oders": ["SELECT 1"]})
    assert filled.not_filled == {"oders": "rows are given for it, but there is no such table"}


def test_many_rows_are_made_in_steps_that_are_told(database: Database) -> None:
    """A million rows take a while, and silence looks like a hang."""
    told: list[str] = []
    with database.connect() as connection:
        connection.execute("CREATE TABLE t (id bigserial PRIMARY KEY, v text)")
        assert fill(connection, rows=120_000, tell=told.append).tables == {"t": 120_000}
    assert told[0] == "filling t"
    assert told[1].startswith("filling t: 50,000 of 119,9")
    assert len(told) == 4


def test_the_planner_knows_the_rows(database: Database) -> None:
    """No autovacuum runs on a scratch server, and without statistics a revision's queries get plans that no one has."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE t (id int)")
        fill(connection, rows=70)
        assert connection.execute("SELECT reltuples FROM pg_class WHERE oid = 't'::regclass").fetchone() == (70,)


def test_names_are_those_of_the_catalog(database: Database) -> None:
    """Whoever reads the report finds the table by the name that stands there."""
    with database.connect() as connection:
        connection.execute(
            'CREATE SCHEMA a; CREATE TABLE a."T" (id int); CREATE TABLE "Order" (id int); CREATE VIEW v AS SELECT 1'
        )
        assert fill(connection, rows=1).tables == {'a."T"': 1, '"Order"': 1}


@pytest.mark.parametrize("autocommit", [True, False])
def test_nothing_of_the_session_is_changed(database: Database, autocommit: bool) -> None:
    """What follows on the connection runs under the settings that a deploy has."""
    settings = "SELECT name, setting FROM pg_settings WHERE source = 'session' OR name = 'session_replication_role'"
    with database.connect(autocommit=autocommit) as connection:
        connection.execute(
            "CREATE TABLE t (id int PRIMARY KEY, u int NOT NULL); CREATE TABLE u (id int PRIMARY KEY REFERENCES t)"
        )
        connection.execute("ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES u")
        before = connection.execute(settings).fetchall()
        connection.commit()
        fill(connection, rows=10)
        assert connection.execute(settings).fetchall() == before
        connection.commit()


def test_a_role_that_is_no_superuser_fills_what_it_may(database: Database) -> None:
    """A given server has the user that it has."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE t (id int); CREATE TABLE shut (id int)")
        connection.execute("DROP ROLE IF EXISTS headgate_tester; CREATE ROLE headgate_tester")
        try:
            connection.execute(
                "GRANT ALL ON t TO headgate_tester; GRANT SELECT ON shut TO headgate_tester; SET ROLE headgate_tester"
            )
            assert fill(connection, rows=10) == Filled(
                {"shut": 0, "t": 10}, {"shut": "permission denied for table shut"}
            )
        finally:
            connection.execute("RESET ROLE; DROP OWNED BY headgate_tester; DROP ROLE headgate_tester")
