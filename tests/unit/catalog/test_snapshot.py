"""The snapshot is a picture of the schema and of nothing else, and leaves no trace."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any, Self

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from headgate.catalog import Catalog, diff, snapshot
from headgate.catalog.snapshot import statement
from headgate.postgres import scratch
from headgate.postgres.scratch import Database
from headgate.postgres.server import Server

SCHEMA = """
CREATE SCHEMA s;
CREATE TYPE s.mood AS ENUM ('sad', 'ok');
CREATE TABLE s.u (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m s.mood DEFAULT 'ok');
CREATE TABLE t (
    id serial PRIMARY KEY, u bigint NOT NULL REFERENCES s.u, at timestamptz DEFAULT '2026-01-02 03:04+00',
    every interval DEFAULT '1 day 02:03:04', ratio float8 DEFAULT 0.1, data bytea DEFAULT '\\x00ff', "select" int
);
CREATE INDEX ON t (u, at) WHERE at > '2026-01-02 03:04+00';
CREATE VIEW v AS SELECT t.id, u.m FROM t JOIN s.u ON u.id = t.u;
CREATE FUNCTION f(s.mood) RETURNS s.mood LANGUAGE sql BEGIN ATOMIC SELECT $1; END;
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER trg BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
CREATE POLICY p ON t USING (u IN (SELECT id FROM s.u));
"""


class CountingCursor(psycopg.Cursor[Any]):
    """A cursor that counts what is sent through it."""

    sent = 0

    def execute(self, *args: Any, **options: Any) -> Self:
        """Count, then run."""
        CountingCursor.sent += 1
        return super().execute(*args, **options)


@pytest.fixture
def connection(each_server: Server) -> Iterator[psycopg.Connection]:
    """A database with a bit of everything, an open transaction on it."""
    with scratch.database(each_server) as database, database.connect(autocommit=False) as connection:
        connection.execute(SCHEMA)
        connection.commit()
        yield connection


def test_the_same_schema_built_twice_has_the_same_digest(each_server: Server) -> None:
    """Object ids, the order of creation and what was dropped on the way are no part of a schema."""
    with (
        scratch.database(each_server) as one,
        scratch.database(each_server) as other,
        one.connect() as first,
        other.connect() as second,
    ):
        first.execute(SCHEMA)
        second.execute("CREATE TABLE gone (a int)")
        second.execute(SCHEMA)
        second.execute("ALTER TABLE t ADD COLUMN x int; ALTER TABLE t DROP COLUMN x; DROP TABLE gone")
        second.execute("GRANT SELECT ON t TO PUBLIC; REVOKE SELECT ON t FROM PUBLIC")
        assert snapshot(first).digest == snapshot(second).digest
        assert diff(snapshot(first), snapshot(second)) == ()


@pytest.mark.parametrize(
    "setting",
    [
        "SET search_path = s, public",
        "SET search_path = ''",
        "SET TimeZone = 'Asia/Tokyo'",
        "SET DateStyle = 'German'",
        "SET IntervalStyle = 'iso_8601'",
        "SET bytea_output = 'escape'",
        "SET extra_float_digits = -10",
        "SET quote_all_identifiers = on",
        "CREATE TEMPORARY TABLE t (hides integer)",
    ],
)
def test_what_the_session_has_set_does_not_show(setting: str, connection: psycopg.Connection) -> None:
    """An env.py may set a search path or a time zone; two catalogs read under two of them must still compare."""
    before = snapshot(connection)
    connection.execute(setting)
    assert diff(before, snapshot(connection)) == ()


@pytest.mark.parametrize("scope", ["SET", "SET LOCAL"])
def test_no_setting_is_left_changed(scope: str, connection: psycopg.Connection) -> None:
    """A migration that runs after a snapshot must run as it would have without."""
    connection.execute(f"{scope} search_path = s; {scope} TimeZone = 'Asia/Tokyo'")
    before = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
    snapshot(connection)
    assert dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall()) == before
    connection.commit()
    path = connection.execute("SHOW search_path").fetchone()
    assert path == ("s" if scope == "SET" else '"$user", public',)
    connection.execute("RESET ALL")
    assert connection.execute("SHOW search_path").fetchone() == ('"$user", public',)


def test_an_open_transaction_stays_open_and_its_changes_are_seen(connection: psycopg.Connection) -> None:
    """The rehearsal looks at a revision before it is committed, and may roll it back."""
    before = snapshot(connection)
    connection.execute("ALTER TABLE t ADD COLUMN later integer")
    during = snapshot(connection)
    assert ("column", "t.later") in during.objects
    assert connection.info.transaction_status == TransactionStatus.INTRANS
    connection.rollback()
    assert snapshot(connection) == before


@pytest.mark.parametrize("autocommit", [True, False])
def test_an_idle_connection_stays_idle(autocommit: bool, connection: psycopg.Connection) -> None:
    """A transaction left open holds locks on the catalogs, which a later statement may have to wait for."""
    connection.rollback()
    connection.autocommit = autocommit
    snapshot(connection)
    assert connection.info.transaction_status == TransactionStatus.IDLE


def test_a_read_only_transaction_will_do(connection: psycopg.Connection) -> None:
    """Looking at a real database must be possible where writing to it is not."""
    connection.execute("SET TRANSACTION READ ONLY")
    assert len(snapshot(connection))


def test_a_role_without_privileges_sees_the_same(connection: psycopg.Connection) -> None:
    """A given server's user is seldom a superuser, and pg_subscription is closed to anyone else."""
    before = snapshot(connection)
    connection.execute("CREATE ROLE nobody_special; SET ROLE nobody_special")
    assert snapshot(connection) == before


def test_a_connection_with_another_row_factory_will_do(connection: psycopg.Connection) -> None:
    """The caller's way of reading rows is the caller's."""
    before = snapshot(connection)
    connection.row_factory = dict_row  # type: ignore[assignment]
    assert snapshot(connection) == before


def test_sqlalchemy_sees_the_same_hears_nothing_and_keeps_its_transaction(connection: psycopg.Connection) -> None:
    """A rehearsal traces every statement of the revision; the observer's own must not be among them."""
    info = connection.info
    engine = sa.create_engine(f"postgresql+psycopg://{info.user}@/{info.dbname}?host={info.host}&port={info.port}")
    heard: list[str] = []
    with engine.connect() as through:
        sa.event.listen(engine, "before_cursor_execute", lambda *args: heard.append(args[2]))
        assert snapshot(through) == snapshot(connection)
        assert not through.in_transaction()
        driver = through.connection.driver_connection
        assert driver is not None
        assert driver.info.transaction_status == TransactionStatus.IDLE
        assert heard == []
        with through.begin():
            through.exec_driver_sql("CREATE TABLE another ()")
            assert ("table", "another") in snapshot(through).objects
            assert through.in_transaction()
        assert ("table", "another") in snapshot(connection).objects
    engine.dispose()


@pytest.mark.parametrize("major", [14, 15, 16, 17, 18])
def test_the_statement_holds_no_percent_sign(major: int) -> None:
    """psycopg2 and psycopg take one for a placeholder whenever they are given parameters, even none."""
    assert "%" not in statement(major)


def test_an_ignored_table_is_left_out_with_all_its_parts(connection: psycopg.Connection) -> None:
    """Alembic's own table is in the database that the migrations build and in no model."""
    before = snapshot(connection)
    connection.execute(
        """CREATE TABLE "it's a%s" (n serial PRIMARY KEY, CHECK (n > 0)); CREATE INDEX ON "it's a%s" (n)"""
    )
    assert snapshot(connection, ignore=[("public", "it's a%s")]) == before
    assert snapshot(connection, ignore=[("s", "it's a%s")]) != before


def test_what_is_not_the_users_is_left_out(connection: psycopg.Connection) -> None:
    """An extension's functions and types come and go with it; temporary objects end with the session."""
    before = snapshot(connection)
    connection.execute("CREATE EXTENSION vector; CREATE TEMPORARY TABLE fleeting (a int)")
    after = snapshot(connection)
    assert after.objects.keys() - before.objects.keys() == {("extension", "vector")}


def test_no_secret_is_read(connection: psycopg.Connection) -> None:
    """User mappings and subscriptions hold passwords, and a catalog is cached on disk and printed."""
    connection.execute(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER sv FOREIGN DATA WRAPPER w;"
        "CREATE USER MAPPING FOR CURRENT_USER SERVER sv OPTIONS (user 'someone', password 'hunter2');"
        "CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere password=hunter2' PUBLICATION p"
        " WITH (connect = false, slot_name = NONE)"
    )
    catalog = snapshot(connection)
    assert {("subscription", "sub"), ("foreign server", "sv")} <= catalog.objects.keys()
    assert "hunter2" not in catalog.to_json()


def test_a_renamed_table_keeps_the_names_of_its_not_null_constraints(connection: psycopg.Connection) -> None:
    """PostgreSQL 18 names them; two ways to the same table would differ in nothing else."""
    connection.execute("CREATE TABLE new_name (a int NOT NULL)")
    direct = snapshot(connection)
    connection.execute(
        "DROP TABLE new_name; CREATE TABLE old_name (a int NOT NULL); ALTER TABLE old_name RENAME TO new_name"
    )
    assert snapshot(connection).digest == direct.digest


def test_only_the_order_of_columns_is_said_to_differ(connection: psycopg.Connection) -> None:
    """A column added by a migration stands last, in the model it stands where it reads best; neither is wrong."""
    connection.execute("CREATE TABLE o (a int, b int, c int, d int)")
    before = snapshot(connection)
    connection.execute("DROP TABLE o; CREATE TABLE o (a int, c int, b int, d int)")
    (difference,) = diff(before, snapshot(connection))
    assert (difference.kind, difference.change) == ("position", "moved")
    assert difference.sentence() == (
        "the columns of o stand in the order b, c in the migrations and c, b in the models"
    )
    assert difference.summary == "~ columns of o: b, c -> c, b"


def test_a_catalog_survives_json_and_pickle(database: Database) -> None:
    """It is cached beside the template it describes, and crosses from the process that ran the revision."""
    with database.connect() as connection:
        connection.execute(SCHEMA)
        catalog = snapshot(connection)
    for copy in (Catalog.from_json(catalog.to_json()), pickle.loads(pickle.dumps(catalog))):
        assert copy == catalog
        assert hash(copy) == hash(catalog)
        assert copy.digest == catalog.digest
    assert len(catalog) == len(list(catalog)) > 20


def test_a_catalog_is_read_in_one_statement(connection: psycopg.Connection) -> None:
    """Each round trip more would cost every rehearsal of every revision."""
    connection.cursor_factory = CountingCursor
    CountingCursor.sent = 0
    snapshot(connection)
    assert CountingCursor.sent == 1


def test_an_attribute_at_its_default_is_absent(connection: psycopg.Connection) -> None:
    """A catalog says what somebody decided, so `.get` reads as a question."""
    objects = snapshot(connection).objects
    assert objects["column", "t.u"] == {"of": "t", "position": 2, "type": "bigint", "not_null": "NOT NULL"}
