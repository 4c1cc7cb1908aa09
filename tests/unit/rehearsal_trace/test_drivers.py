"""`headgate.rehearsal.cursors`, `cursors2` and `protocols`: a trace says the same with whatever driver."""

from __future__ import annotations

import pytest

from headgate.errors import HeadgateError
from headgate.rehearsal.trace import Lock
from tests.projects import ENV
from tests.unit.rehearsal_trace.conftest import ROWS, Tracing

ASYNC = """\
import asyncio
import os

from alembic import context
from models import metadata
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

url = context.config.get_main_option("sqlalchemy.url").replace("+psycopg", "+DRIVER")


def run(connection):
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
"""
PSYCOPG2 = ENV.replace("with create_engine(url", 'with create_engine(url.replace("+psycopg", "+psycopg2")')
ENVS = {
    "psycopg": ENV,
    "psycopg async": ASYNC.replace("DRIVER", "psycopg"),
    "psycopg2": PSYCOPG2,
    "asyncpg": ASYNC.replace("DRIVER", "asyncpg"),
}


@pytest.fixture(params=ENVS)
def env(request: pytest.FixtureRequest) -> str:
    """An env.py for each driver, as Alembic's templates have it."""
    return ENVS[request.param]


def test_each_driver_is_traced(env: str, traced: Tracing) -> None:
    """An empty trace would say that the revision does nothing."""
    up = """
        op.execute("SET LOCAL lock_timeout = '2s'")
        op.execute("ALTER TABLE entries ADD COLUMN IF NOT EXISTS id int")
        op.create_index("ix", "entries", ["id"])
        op.bulk_insert(sa.table("entries", sa.column("id", sa.Integer)), [{"id": 1000}, {"id": 1001}])
        op.get_bind().execute(sa.text("UPDATE entries SET id = id + :n"), {"n": 5000})
        op.execute("ALTER TABLE entries ALTER id TYPE bigint")
        op.execute("DO $$ BEGIN CREATE TABLE items (); END $$")
    """
    seen = traced(up, env=env)

    assert seen.failure is None
    assert [one.tag for one in seen.statements if "INSERT" not in one.sql] == [
        "SET",
        "ALTER TABLE",
        "CREATE INDEX",
        f"UPDATE {ROWS + 2}",
        "ALTER TABLE",
        "DO",
    ]
    assert {one.transaction for one in seen.statements} == {1}
    assert seen.only("INDEX").settings["lock_timeout"] == "2000"
    assert seen.only("IF NOT").notices == ('42701 column "id" of relation "entries" already exists, skipping',)
    assert seen.only("CREATE INDEX").built == (("ix", "entries"),)
    assert Lock("entries", "table", "SHARE") in seen.only("CREATE INDEX").locks
    assert sum(work.inserted for one in seen.statements if "INSERT" in one.sql for work in one.work) == 2
    assert seen.work("UPDATE")["entries"].updated == ROWS + 2
    assert seen.only("TYPE").rewritten == ("entries",)
    assert seen.made("CREATE INDEX") == ["+ index ix on entries (id)"]
    assert seen.made("TYPE") == ["~ column entries.id: integer -> bigint"]
    assert seen.made("DO") == ["+ table items"]
    assert seen.told(seen.only("TYPE")).startswith('op.execute("ALTER TABLE')


def test_statements_outside_a_transaction_are_traced_with_each_driver(env: str, traced: Tracing) -> None:
    """CONCURRENTLY is refused in the transaction that tracing gives a statement, and then sent by itself."""
    up = """
        with op.get_context().autocommit_block():
            op.create_index("ix", "entries", ["id"], postgresql_concurrently=True)
            op.execute("ALTER TABLE entries ADD a int")
        op.execute("ALTER TABLE entries ADD b int")
    """
    seen = traced(up, env=env)

    assert seen.failure is None
    assert [one.concurrent for one in seen.statements] == [True, False, False]
    assert [one.transaction for one in seen.statements] == [None, None, 1]
    assert seen.only("ix").strongest("entries") == Lock("entries", "table", "SHARE UPDATE EXCLUSIVE")
    assert seen.only("ADD a").locks == (Lock("entries", "table", "ACCESS EXCLUSIVE"),)
    assert [seen.made(one.sql) for one in seen.statements] == [
        ["+ index ix on entries (id)"],
        ["+ column entries.a integer"],
        ["+ column entries.b integer"],
    ]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("ALTER TABLE nowhere ADD a int", "42P01"),
        ("SELECT nothing FROM entries", "42703"),
        ("ALTER TABEL entries", "42601"),
        ("INSERT INTO entries VALUES (1)", "23505"),
    ],
)
def test_a_failure_is_traced_with_each_driver(statement: str, code: str, env: str, traced: Tracing) -> None:
    """With its code, and what was locked before."""
    seen = traced(f'op.execute("LOCK TABLE entries")\nop.execute("{statement}")', env=env)

    assert [one.error for one in seen.statements] == [None, code]
    assert seen.statements[1].refusal
    assert seen.statements[1].refusal.sqlstate == code
    assert seen.failure
    assert seen.failure.sqlstate == code
    if code == "23505":
        assert (seen.failure.table, seen.failure.constraint) == ("entries", "entries_pkey")
    assert "ACCESS EXCLUSIVE" in {lock.mode for lock in seen.statements[1].held}


def test_savepoints_are_traced_with_each_driver(env: str, traced: Tracing) -> None:
    """What is taken back is not told of the next statement."""
    up = """
        bind = op.get_bind()
        try:
            with bind.begin_nested():
                op.execute("ALTER TABLE entries ADD a int")
                op.execute("SELECT 1/0")
        except sa.exc.DBAPIError:
            pass
        op.execute("ALTER TABLE entries ADD b int")
        op.execute("SELECT 1")
    """
    seen = traced(up, env=env)

    assert seen.failure is None
    assert seen.only("1/0").error == "22012"
    assert seen.made("ADD a") == ["+ column entries.a integer"]
    assert seen.made("ADD b") == ["+ column entries.b integer"]


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_connection_that_is_kept_from_the_revisions_below_is_traced(driver: str, traced: Tracing) -> None:
    """What was done in it before is no statement's doing, also where the server has not counted it up yet."""
    engine = 'create_engine(os.environ["DATABASE_URL"].replace("+psycopg", "+DRIVER"))'.replace("DRIVER", driver)
    kept = f"import os\n\nfrom sqlalchemy import create_engine\n\nengine = {engine}\n"
    env = ENV.replace("create_engine(url, poolclass=pool.NullPool)", "engine").replace(
        "import os\n", "import os\n\nfrom kept import engine\n", 1
    )
    seen = traced(
        'op.execute("ALTER TABLE entries ADD a int")\nop.execute("ALTER TABLE entries ADD b int")',
        env=env,
        files={"kept.py": kept},
    )

    assert seen.failure is None
    assert [seen.made(one.sql) for one in seen.statements] == [
        ["+ column entries.a integer"],
        ["+ column entries.b integer"],
    ]


def test_a_connection_that_cannot_be_watched_is_refused(traced: Tracing) -> None:
    """The trace would be empty, and the review would find nothing."""
    own = 'connect_args={"connection_factory": lambda dsn: psycopg2.extensions.connection(dsn)}'
    env = "import psycopg2\n" + PSYCOPG2.replace("poolclass=pool.NullPool", f"poolclass=pool.NullPool, {own}")
    with pytest.raises(HeadgateError) as told:
        traced('op.execute("SELECT 1")', env=env)

    assert str(told.value).splitlines() == [
        "What the revision does cannot be traced: its connection of psycopg2 is one that headgate cannot watch.",
        "Have env.py connect with psycopg, psycopg2 or asyncpg, without a connection class or function of its own.",
    ]
