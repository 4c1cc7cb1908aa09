"""What the revisions do to rows. That each can be undone, and all match the models, is what `headgate gate` proves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError, ProgrammingError

from backend.src.core.config import BACKEND
from backend.tests.conftest import Migrations
from headgate import catalog
from headgate.postgres import binaries, scratch
from headgate.postgres.server import Server

TABLES, ARCHIVE, CURRENT_INDEX, FOREIGN_KEY = "20261005091200", "20261008143000", "20261012101500", "20261015083000"
FOREIGN_KEY_PROVEN, PUBLIC, TITLE_CHECK, TITLE_PROVEN = (
    "20261016090000",
    "20261021134500",
    "20261026100000",
    "20261027093000",
)
SEARCH_INDEX, EXPAND, BACKFILL, CONTRACT = "20261103150000", "20261109110000", "20261110090000", "20261116140000"


@pytest.fixture
def migrations(empty: scratch.Database) -> Migrations:
    return Migrations(empty.url())


@pytest.fixture
def rows(empty: scratch.Database) -> Iterator[psycopg.Connection]:
    """A connection to look at rows with."""
    with empty.connect() as connection:
        yield connection


def one(rows: psycopg.Connection, sql: str) -> object:
    row = rows.execute(sql.encode()).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def add_user(rows: psycopg.Connection, name: str = "Ada") -> int:
    row = rows.execute(
        "INSERT INTO users (email, name) VALUES (md5(random()::text), %s) RETURNING id", [name]
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_not_null_column_can_be_added_to_a_filled_table(migrations: Migrations, rows: psycopg.Connection) -> None:
    """The server default gives the rows that exist their value."""
    migrations.upgrade(TABLES)
    rows.execute("INSERT INTO entries (user_id, title) VALUES (1, 'Old')")
    migrations.upgrade(ARCHIVE)
    assert one(rows, "SELECT is_archived FROM entries") is False


@pytest.mark.parametrize(
    ("before", "revision", "index"),
    [(ARCHIVE, CURRENT_INDEX, "ix_entries_current"), (TITLE_PROVEN, SEARCH_INDEX, "ix_entries_search")],
)
def test_an_index_that_was_left_invalid_is_built_anew(
    migrations: Migrations, rows: psycopg.Connection, before: str, revision: str, index: str
) -> None:
    """A concurrent build that is interrupted leaves it behind, and the second try must not stop at it."""
    migrations.upgrade(before)
    rows.execute(f"CREATE INDEX {index} ON entries (title)".encode())
    rows.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [index])
    migrations.upgrade(revision)
    assert one(rows, f"SELECT indisvalid FROM pg_index WHERE indexrelid = '{index}'::regclass") is True
    assert "(title)" not in str(one(rows, f"SELECT pg_get_indexdef('{index}'::regclass)"))


def test_the_foreign_key_refuses_new_orphans_before_it_asks_about_old_ones(
    migrations: Migrations, rows: psycopg.Connection
) -> None:
    """The two steps are apart, so that the hole is closed before anybody has cleaned up behind it."""
    migrations.upgrade(ARCHIVE)
    rows.execute("INSERT INTO entries (user_id, title) VALUES (7, 'An orphan')")
    migrations.upgrade(FOREIGN_KEY)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        rows.execute("INSERT INTO entries (user_id, title) VALUES (8, 'Another')")
    with pytest.raises(IntegrityError, match="fk_entries_user_id_users"):
        migrations.upgrade(FOREIGN_KEY_PROVEN)
    assert one(rows, "SELECT version_num FROM alembic_version") == FOREIGN_KEY
    rows.execute("DELETE FROM entries WHERE user_id NOT IN (SELECT id FROM users)")
    migrations.upgrade(FOREIGN_KEY_PROVEN)
    assert one(rows, "SELECT convalidated FROM pg_constraint WHERE conname = 'fk_entries_user_id_users'") is True


def test_rolling_the_enum_back_makes_public_entries_private(migrations: Migrations, rows: psycopg.Connection) -> None:
    """Never shared: a rollback must not show an entry to anybody who could not read it before."""
    migrations.upgrade(PUBLIC)
    user = add_user(rows)
    for visibility in ("private", "shared", "public"):
        rows.execute(
            "INSERT INTO entries (user_id, title, visibility) VALUES (%s, %s, %s::entry_visibility)",
            [user, visibility, visibility],
        )
    migrations.downgrade(FOREIGN_KEY_PROVEN)
    assert rows.execute("SELECT title, visibility::text FROM entries ORDER BY id").fetchall() == [
        ("private", "private"),
        ("shared", "shared"),
        ("public", "private"),
    ]
    rows.execute("INSERT INTO entries (user_id, title) VALUES (%s, 'By default')", [user])
    assert one(rows, "SELECT visibility::text FROM entries WHERE title = 'By default'") == "private"


def test_adding_the_enum_value_again_changes_nothing(migrations: Migrations, rows: psycopg.Connection) -> None:
    """It is committed before the revision is: what stopped in between must be able to run again."""
    migrations.upgrade(FOREIGN_KEY_PROVEN)
    rows.execute("ALTER TYPE entry_visibility ADD VALUE 'public'")
    migrations.upgrade(PUBLIC)
    assert one(rows, "SELECT enum_range(NULL::entry_visibility)::text") == "{private,shared,public}"


def test_the_check_refuses_new_titles_before_it_asks_about_old_ones(
    migrations: Migrations, rows: psycopg.Connection
) -> None:
    """As with the foreign key: first no more of them, then none at all."""
    migrations.upgrade(PUBLIC)
    user = add_user(rows)
    rows.execute("INSERT INTO entries (user_id, title) VALUES (%s, '  ')", [user])
    migrations.upgrade(TITLE_CHECK)
    with pytest.raises(psycopg.errors.CheckViolation):
        rows.execute("INSERT INTO entries (user_id, title) VALUES (%s, repeat('x', 201))", [user])
    with pytest.raises(IntegrityError, match="ck_entries_title_length"):
        migrations.upgrade(TITLE_PROVEN)
    rows.execute("UPDATE entries SET title = 'Untitled' WHERE btrim(title) = ''")
    migrations.upgrade(TITLE_PROVEN)


@pytest.mark.parametrize(
    "write",
    [
        "INSERT INTO users (email, name) VALUES ('a', 'Ada')",
        "INSERT INTO users (email, display_name) VALUES ('a', 'Ada')",
        "INSERT INTO users (email, name) VALUES ('a', 'X'); UPDATE users SET name = 'Ada'",
        "INSERT INTO users (email, name) VALUES ('a', 'X'); UPDATE users SET display_name = 'Ada'",
        "INSERT INTO users (email, name) VALUES ('a', 'Ada'); UPDATE users SET email = 'b'",
    ],
    ids=["old code inserts", "new code inserts", "old code renames", "new code renames", "neither is named"],
)
def test_old_and_new_code_can_write_side_by_side(migrations: Migrations, rows: psycopg.Connection, write: str) -> None:
    """From the first step of the rename to the last, both columns say the same."""
    migrations.upgrade(EXPAND)
    rows.execute(write.encode())
    assert one(rows, "SELECT name, display_name FROM users") == ("Ada", "Ada")


def test_old_code_can_change_a_user_that_the_backfill_has_not_reached(
    migrations: Migrations, rows: psycopg.Connection
) -> None:
    """The check holds for changed rows at once, so the trigger must fill the new column before it is asked."""
    migrations.upgrade(SEARCH_INDEX)
    add_user(rows, "Ada")
    migrations.upgrade(EXPAND)
    rows.execute("UPDATE users SET email = 'new@example.org'")
    assert one(rows, "SELECT display_name FROM users") == "Ada"


def test_the_backfill_fills_every_batch_and_overwrites_nothing(
    migrations: Migrations, rows: psycopg.Connection
) -> None:
    """More rows than two batches, one of them renamed by new code before the backfill came to it."""
    migrations.upgrade(SEARCH_INDEX)
    rows.execute("INSERT INTO users (email, name) SELECT n, 'User ' || n FROM generate_series(1, 2500) n")
    migrations.upgrade(EXPAND)
    rows.execute("UPDATE users SET display_name = 'Renamed' WHERE id = 1200")
    migrations.upgrade(BACKFILL)
    assert one(rows, "SELECT count(*) FROM users WHERE display_name = 'User ' || id") == 2499
    assert one(rows, "SELECT display_name FROM users WHERE id = 1200") == "Renamed"


def test_the_backfill_run_again_touches_no_row(migrations: Migrations, rows: psycopg.Connection) -> None:
    """A row that is written again, even with the same value, is locked, logged and vacuumed for nothing."""
    migrations.upgrade(SEARCH_INDEX)
    rows.execute("INSERT INTO users (email, name) SELECT n, 'User ' || n FROM generate_series(1, 1500) n")
    migrations.upgrade(BACKFILL)
    versions = "SELECT string_agg(ctid::text, ' ' ORDER BY id) FROM users"
    before = one(rows, versions)
    migrations.downgrade(EXPAND)
    migrations.upgrade(BACKFILL)
    assert one(rows, versions) == before


def test_a_backfill_that_stopped_goes_on_where_it_was(migrations: Migrations, rows: psycopg.Connection) -> None:
    """Each batch is committed, so what is done is done; the revision counts only when all are."""
    migrations.upgrade(SEARCH_INDEX)
    rows.execute("INSERT INTO users (email, name) SELECT n, 'User ' || n FROM generate_series(1, 2500) n")
    migrations.upgrade(EXPAND)
    refuse(rows, "NEW.id = 1500")
    with pytest.raises(ProgrammingError, match="not this row"):
        migrations.upgrade(BACKFILL)
    assert one(rows, "SELECT count(*) FROM users WHERE display_name IS NOT NULL") == 1000
    assert one(rows, "SELECT version_num FROM alembic_version") == EXPAND
    rows.execute("DROP FUNCTION refuse CASCADE")
    migrations.upgrade(BACKFILL)
    assert one(rows, "SELECT count(*) FROM users WHERE display_name = name") == 2500


def test_the_rename_can_be_undone_and_done_again_without_losing_a_name(
    migrations: Migrations, rows: psycopg.Connection
) -> None:
    """Also the names that were given when the old column was already gone."""
    migrations.upgrade(CONTRACT)
    rows.execute("INSERT INTO users (email, display_name) SELECT n, 'User ' || n FROM generate_series(1, 2500) n")
    migrations.downgrade(BACKFILL)
    assert one(rows, "SELECT count(*) FROM users WHERE name = 'User ' || id AND display_name = name") == 2500
    add_user(rows, "By old code")
    migrations.downgrade(SEARCH_INDEX)
    assert one(rows, "SELECT count(*) FROM users WHERE name LIKE 'User %'") == 2500
    migrations.upgrade(CONTRACT)
    assert one(rows, "SELECT count(*) FROM users WHERE display_name = 'User ' || id") == 2500
    assert one(rows, "SELECT display_name FROM users WHERE id = 2501") == "By old code"


def test_a_rollback_of_the_rename_that_stopped_can_be_run_again(
    migrations: Migrations, rows: psycopg.Connection
) -> None:
    """It commits before its batches, so the second run meets its own columns, trigger and check."""
    migrations.upgrade(CONTRACT)
    rows.execute("INSERT INTO users (email, display_name) SELECT n, 'User ' || n FROM generate_series(1, 1500) n")
    refuse(rows, "NEW.id = 1200")
    with pytest.raises(ProgrammingError, match="not this row"):
        migrations.downgrade(BACKFILL)
    rows.execute("UPDATE users SET email = 'changed before its batch' WHERE id = 1400")
    rows.execute("DROP FUNCTION refuse CASCADE")
    migrations.downgrade(BACKFILL)
    assert one(rows, "SELECT count(*) FROM users WHERE name = 'User ' || id AND display_name = name") == 1500


def refuse(rows: psycopg.Connection, condition: str) -> None:
    """Have the server refuse to change certain users, as a lock that is not given would."""
    rows.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE undefined_object USING MESSAGE = 'not this row'; END $$"
    )
    trigger = f"BEFORE UPDATE ON users FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse()"
    rows.execute(f"CREATE TRIGGER refuse {trigger}".encode())


def test_autogenerate_finds_nothing_to_do(database: scratch.Database) -> None:
    """Alembic compares some things as text: what PostgreSQL spells differently would be in every new revision."""
    Migrations(database.url()).check()


def test_the_printed_sql_builds_the_same_schema(
    server: Server, database: scratch.Database, empty: scratch.Database
) -> None:
    """`alembic upgrade head --sql` is for those who may not run Python against their database."""
    printed = StringIO()
    with redirect_stdout(printed):
        command.upgrade(Config(BACKEND / "alembic.ini", output_buffer=printed), "head", sql=True)
    psql = binaries.find(server.major).bin / "psql"
    subprocess.run(
        [psql, "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", empty.url(driver="")],
        input=printed.getvalue(),
        text=True,
        check=True,
    )
    with empty.connect() as printed_schema, database.connect() as built_schema:
        assert catalog.diff(catalog.snapshot(built_schema), catalog.snapshot(printed_schema)) == ()
