"""Whole schemas as projects have them, filled from their catalogs."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy

from backend.src.models.base import Base
from headgate.catalog import diff, snapshot
from headgate.postgres import scratch
from headgate.postgres.scratch import Database
from headgate.postgres.server import Server
from headgate.rehearsal.rows import fill

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.sql"))

# Every foreign key, also those that replication mode went round, is looked at as if it were new.
REVALIDATE = """
DO $$
DECLARE key record;
BEGIN
    FOR key IN SELECT conrelid::regclass AS child, conname, pg_get_constraintdef(oid) AS body FROM pg_constraint
               WHERE contype = 'f' AND conparentid = 0
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.child, key.conname);
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', key.child, key.conname, key.body);
    END LOOP;
END $$
"""


@pytest.mark.parametrize("awkward", [True, False], ids=["awkward", "plain"])
@pytest.mark.parametrize("path", SCHEMAS, ids=[path.stem for path in SCHEMAS])
def test_fills_every_table_and_leaves_the_schema_as_it_was(path: Path, awkward: bool, database: Database) -> None:
    """A table without rows proves nothing about the revision that changes it."""
    with database.connect() as connection:
        connection.execute(path.read_bytes())
        before = snapshot(connection)
        filled = fill(connection, awkward=awkward)
        assert filled.not_filled == {}
        assert not diff(before, snapshot(connection))
        connection.execute(REVALIDATE)


@pytest.mark.parametrize("path", SCHEMAS, ids=[path.stem for path in SCHEMAS])
def test_fills_nearly_every_table_to_the_full(path: Path, database: Database) -> None:
    """A handful of rows has no room for a duplicate, an orphan and a NULL each."""
    with database.connect() as connection:
        connection.execute(path.read_bytes())
        partitions = {
            name for (name,) in connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relispartition")
        }
        counts = [count for name, count in fill(connection).tables.items() if name not in partitions]
    assert all(count >= 900 for count in counts)


def test_fills_the_reference_backend(database: Database) -> None:
    """The example that is shown to everyone must be rehearsed in full."""
    engine = sqlalchemy.create_engine(database.url())
    Base.metadata.create_all(engine)
    engine.dispose()
    with database.connect() as connection:
        filled = fill(connection)
    assert filled.not_filled == {}
    assert {name: count for name, count in filled.tables.items() if count < 1000} == {}
    assert len(filled.tables) == len(Base.metadata.tables)


def test_fills_on_each_version(each_server: Server) -> None:
    """The target is the project's PostgreSQL, not ours."""
    for path in SCHEMAS:
        with scratch.database(each_server) as database, database.connect() as connection:
            connection.execute(path.read_bytes())
            assert fill(connection, rows=30).not_filled == {}


def test_the_same_schema_gets_the_same_rows(server: Server) -> None:
    """A finding that comes and goes with the rows is worse than none."""
    contents = []
    for zone in ("UTC", "Asia/Tokyo"):
        with scratch.database(server) as database, database.connect() as connection:
            connection.execute("CREATE TABLE t (at timestamptz, since timestamptz CHECK (since > '2000-01-01Z'))")
            connection.execute((Path(__file__).parent / "schemas" / "saas.sql").read_bytes())
            connection.execute(f"SET TimeZone = '{zone}'".encode())
            tables = fill(connection, rows=200).tables
            connection.execute("SET TimeZone = 'UTC'")
            rows = "SELECT string_agg(t::text, ';' ORDER BY t::text) FROM {} AS t"
            contents.append([connection.execute(rows.format(name).encode()).fetchone() for name in sorted(tables)])
    assert contents[0] == contents[1]
