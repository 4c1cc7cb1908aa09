"""`headgate.apply.sizes`: what a production server says of its tables, and that asking it costs it nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import psycopg
import pytest

from headgate import redaction
from headgate.apply.sizes import measure
from headgate.errors import HeadgateError
from headgate.postgres import scratch
from headgate.postgres.scratch import Database
from headgate.postgres.server import Server
from headgate.rehearsal.isolation import connect


@pytest.fixture
def production(database: Database) -> Iterator[psycopg.Connection]:
    """A session on the database that is measured."""
    with connect(database.url()) as connection:
        yield connection


def test_rows_and_bytes_are_what_the_statistics_say(database: Database, production: psycopg.Connection) -> None:
    """A rewrite writes the table, its indexes and what is stored out of line, so all of them count."""
    production.execute(
        "CREATE TABLE users (id int PRIMARY KEY, story text STORAGE EXTERNAL);"
        'CREATE SCHEMA shop; CREATE TABLE shop."Order lines" (id int);'
        "INSERT INTO users SELECT n, repeat('x', 5000) FROM generate_series(1, 500) n;"
        'INSERT INTO shop."Order lines" SELECT n FROM generate_series(1, 2000) n'
    )
    production.execute("VACUUM ANALYZE")

    sizes = measure(database.url()).sizes

    exact = production.execute("SELECT pg_table_size('users') + pg_indexes_size('users')").fetchall()[0][0]
    assert set(sizes) == {"users", 'shop."Order lines"'}
    assert (sizes["users"].rows, sizes['shop."Order lines"'].rows) == (500, 2000)
    # The map of free space and the map of visible pages are not in the statistics.
    assert 0 <= exact - sizes["users"].bytes <= 20 * 8192
    assert sizes["users"].bytes > 500 * 5000


def test_on_each_version_the_server_is_named(each_server: Server) -> None:
    """The file says how old the statistics are and what gave them."""
    with scratch.database(each_server) as database:
        assert measure(database.url()).server == each_server.version


def test_a_table_that_was_never_analyzed_is_not_called_empty(
    database: Database, production: psycopg.Connection
) -> None:
    """It may be the largest of all: a finding on it must not be softened."""
    production.execute("CREATE TABLE filled AS SELECT generate_series(1, 1000) AS id; CREATE TABLE empty (id int)")
    production.execute("VACUUM ANALYZE empty")

    found = measure(database.url())

    assert (found.sizes["empty"].rows, found.unknown) == (0, ("filled",))


def test_a_partitioned_table_is_the_sum_of_its_partitions(database: Database, production: psycopg.Connection) -> None:
    """Nothing is stored in it, and autovacuum does not analyze it, so its own statistics say that it is empty."""
    production.execute(
        "CREATE TABLE events (id int, at int) PARTITION BY RANGE (at);"
        "CREATE TABLE early PARTITION OF events FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE late PARTITION OF events FOR VALUES FROM (10) TO (100) PARTITION BY LIST (id);"
        "CREATE TABLE late_one PARTITION OF late FOR VALUES IN (1);"
        "CREATE TABLE coming PARTITION OF events FOR VALUES FROM (100) TO (200);"
        "CREATE TABLE bare (id int) PARTITION BY LIST (id);"
        "INSERT INTO events SELECT 1, n FROM generate_series(0, 49) n"
    )
    production.execute("ANALYZE early; ANALYZE late_one")

    found = measure(database.url())

    assert {name: size.rows for name, size in found.sizes.items()} == {
        "events": 50, "early": 10, "late": 40, "late_one": 40
    }  # fmt: skip
    assert found.sizes["events"].bytes == found.sizes["early"].bytes + found.sizes["late_one"].bytes == 16384
    assert found.unknown == ("coming",)


def test_materialized_views_are_measured_and_views_are_not(database: Database, production: psycopg.Connection) -> None:
    """A refresh reads and writes all of one; a view holds nothing."""
    production.execute("CREATE MATERIALIZED VIEW totals AS SELECT 1 AS id; CREATE VIEW shown AS SELECT 1 AS id")
    production.execute("ANALYZE totals")

    assert set(measure(database.url()).sizes) == {"totals"}


def test_a_table_that_is_locked_is_measured_all_the_same(database: Database, production: psycopg.Connection) -> None:
    """Whoever asks must not wait behind a migration, nor make others wait behind itself."""
    production.execute("CREATE TABLE users AS SELECT generate_series(1, 10) AS id")
    production.execute("ANALYZE users")
    with production.transaction():
        production.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")

        assert measure(database.url()).sizes["users"].rows == 10


@pytest.mark.parametrize("url", ["mysql://root:s3cret-word@db/shop", "sqlite:///shop.db", "shop", "", "http://s3cret"])
def test_what_is_no_url_of_postgresql_is_refused(url: str) -> None:
    """Before anything is connected to."""
    with pytest.raises(HeadgateError) as caught:
        measure(url)

    assert caught.value.what.endswith("is not the URL of a PostgreSQL database.")
    assert "s3cret-word" not in redaction.redacted(str(caught.value))


def test_a_server_that_cannot_be_reached_is_named_without_its_password() -> None:
    """The URL of production is the one whose password matters most."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(HeadgateError) as caught:
        measure(f"postgresql+psycopg://reader:s3cret-word@127.0.0.1:{port}/shop")

    assert caught.value.what.startswith(f"The sizes of postgresql+psycopg://reader:***@127.0.0.1:{port}/shop cannot")
    assert "Connection refused" in caught.value.what
    assert "s3cret-word" not in str(caught.value)


def test_a_parameter_that_libpq_does_not_know_is_told(database: Database) -> None:
    """asyncpg's URLs have their own, as in `?ssl=require`."""
    with pytest.raises(HeadgateError) as caught:
        measure(f"{database.url()}&ssl=require")

    assert 'invalid connection option "ssl"' in caught.value.what
