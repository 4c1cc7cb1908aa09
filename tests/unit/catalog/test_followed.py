"""A schema that is followed is the schema that a whole picture shows, whatever was changed in between."""

from __future__ import annotations

import pytest

from headgate.catalog import snapshot
from headgate.catalog.followed import Followed
from headgate.postgres import scratch
from headgate.postgres.server import Server

VERSIONS = ("public", "alembic_version")
START = """
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, email text UNIQUE);
CREATE TABLE entries (id serial PRIMARY KEY, user_id bigint REFERENCES users, title text CHECK (title <> ''));
CREATE INDEX ix_entries_title ON entries (title);
CREATE VIEW titles AS SELECT entries.title, users.name FROM entries JOIN users ON users.id = entries.user_id;
CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE TYPE pair AS (one int, other text);
CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE moods (id int PRIMARY KEY, was mood DEFAULT 'calm', share percent);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE parts (id int, kind text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
CREATE INDEX ix_parts_kind ON parts (kind);
CREATE SCHEMA apart;
CREATE SEQUENCE numbers;
CREATE TABLE alembic_version (version_num text)
"""
CHANGES = (
    "ALTER TABLE users ADD COLUMN age int",
    "ALTER TABLE users ALTER COLUMN name SET NOT NULL",
    "ALTER TABLE users ALTER COLUMN name SET DEFAULT 'nobody'",
    "ALTER TABLE users DROP COLUMN email",
    "ALTER TABLE users RENAME COLUMN name TO label",
    "BEGIN; ALTER TABLE entries RENAME COLUMN title TO t; ALTER TABLE entries RENAME COLUMN id TO title;"
    " ALTER TABLE entries RENAME COLUMN t TO id; COMMIT",
    "ALTER TABLE users RENAME TO people",
    "BEGIN; ALTER TABLE users RENAME TO t; ALTER TABLE entries RENAME TO users;"
    " ALTER TABLE t RENAME TO entries; COMMIT",
    "ALTER TABLE moods SET SCHEMA apart",
    "ALTER SCHEMA apart RENAME TO elsewhere",
    "DROP TABLE users CASCADE",
    "BEGIN; DROP TABLE moods; CREATE TABLE moods (id text); COMMIT",
    "CREATE TABLE made (id serial PRIMARY KEY, entry int REFERENCES entries)",
    "ALTER TABLE entries ADD CONSTRAINT long_enough CHECK (length(title) > 1) NOT VALID",
    "ALTER TABLE entries DROP CONSTRAINT entries_title_check",
    "ALTER TABLE entries RENAME CONSTRAINT entries_title_check TO some_title",
    "CREATE INDEX ON entries (user_id)",
    "DROP INDEX ix_entries_title",
    "ALTER INDEX ix_entries_title RENAME TO ix_titles",
    "ALTER INDEX ix_parts_kind RENAME TO ix_kinds",
    "CREATE STATISTICS stats ON title, user_id FROM entries",
    "CREATE TRIGGER never BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION nothing()",
    "CREATE RULE none AS ON DELETE TO moods DO INSTEAD NOTHING",
    "ALTER TABLE entries ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON entries USING (user_id > 0)",
    "CREATE OR REPLACE VIEW titles AS SELECT entries.title, users.name FROM entries JOIN users USING (id)",
    "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM entries WITH NO DATA",
    "ALTER SEQUENCE numbers OWNED BY entries.title",
    "ALTER SEQUENCE numbers INCREMENT 5",
    "ALTER TYPE mood ADD VALUE 'sad'",
    "ALTER TYPE mood RENAME VALUE 'calm' TO 'quiet'",
    "ALTER TYPE mood RENAME TO feeling",
    "ALTER TYPE pair ADD ATTRIBUTE third int",
    "COMMENT ON TYPE pair IS 'two'",
    "CREATE TYPE hue AS ENUM ('red')",
    "ALTER DOMAIN percent DROP CONSTRAINT percent_check",
    "CREATE OR REPLACE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "CREATE AGGREGATE largest (int) (sfunc = int4larger, stype = int)",
    'CREATE COLLATION plain FROM "C"',
    "CREATE CAST (mood AS int) WITH INOUT",
    "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq)",
    "CREATE TEXT SEARCH CONFIGURATION words (COPY = simple)",
    "CREATE FOREIGN DATA WRAPPER far",
    "CREATE PUBLICATION told FOR TABLE entries",
    "CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "GRANT SELECT (title) ON entries TO PUBLIC",
    "GRANT USAGE ON SCHEMA apart TO PUBLIC",
    "COMMENT ON SCHEMA public IS 'ours'",
    "COMMENT ON EXTENSION plpgsql IS 'ours'",
    "COMMENT ON TABLE entries IS 'ours'",
    "COMMENT ON CONSTRAINT entries_pkey ON entries IS 'ours'",
    "COMMENT ON INDEX ix_entries_title IS 'ours'",
    "ALTER TABLE entries SET (fillfactor = 70, autovacuum_enabled = off)",
    "ALTER TABLE entries CLUSTER ON ix_entries_title",
    "ALTER TABLE entries REPLICA IDENTITY FULL",
    "ALTER TABLE parts DETACH PARTITION parts_1",
    "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20)",
    "ALTER TABLE parts ADD COLUMN more int",
    "ALTER EXTENSION plpgsql ADD FUNCTION nothing()",
    "DROP SCHEMA public CASCADE",
    "CREATE TEMPORARY TABLE passing (id int)",
    "INSERT INTO alembic_version VALUES ('1')",
    "ALTER TABLE alembic_version ADD COLUMN more int",
)


@pytest.fixture(scope="module")
def started(each_server: Server) -> str:
    """A database to copy: a case must not meet what another one made."""
    made = scratch.create(each_server)
    with made.connect() as connection:
        connection.execute(START)
    return made.name


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_read_again_is_what_a_whole_picture_shows(each_server: Server, started: str, change: str) -> None:
    """A catalog that no mark covers would leave the schema as it was, and a downgrade that forgets would pass."""
    with (
        scratch.database(each_server, started) as database,
        database.connect() as own,
        database.connect() as other,
    ):
        followed = Followed(own, VERSIONS)
        assert followed.read() == snapshot(other, ignore=[VERSIONS])

        other.execute(change.encode())

        assert followed.read() == snapshot(other, ignore=[VERSIONS])


def test_a_schema_that_nobody_changed_is_not_read_again(each_server: Server, started: str) -> None:
    """Reading it is what takes the time; rows and statistics are no part of it."""
    with scratch.database(each_server, started) as database, database.connect() as own:
        followed = Followed(own, VERSIONS)
        first = followed.read()

        own.execute(b"INSERT INTO users (name) VALUES ('one'); ANALYZE users")

        assert followed.read() is first


def test_what_another_session_has_not_committed_is_not_shown(each_server: Server, started: str) -> None:
    """A picture between two moves is of what a deployment would find."""
    with (
        scratch.database(each_server, started) as database,
        database.connect() as own,
        database.connect(autocommit=False) as other,
    ):
        followed = Followed(own, VERSIONS)
        first = followed.read()
        other.execute("ALTER TABLE moods ADD COLUMN more int")
        assert followed.read() is first

        other.commit()

        assert ("column", "moods.more") in followed.read().objects


def test_a_role_that_has_another_name_is_shown_by_it(each_server: Server, started: str) -> None:
    """Roles belong to the whole server, and every owner is printed by name."""
    with scratch.database(each_server, started) as database, database.connect() as own:
        own.execute("CREATE ROLE followed_one")
        try:
            own.execute("ALTER TABLE entries OWNER TO followed_one")
            followed = Followed(own, VERSIONS)
            followed.read()
            own.execute("ALTER ROLE followed_one RENAME TO followed_two")

            assert followed.read().objects["table", "entries"]["owner"] == "followed_two"
        finally:
            own.execute("REASSIGN OWNED BY followed_two TO CURRENT_USER")
            own.execute("DROP ROLE followed_two")


@pytest.mark.parametrize("ignored", [("public", "users"), ("apart", "none")])
def test_it_is_asked_for_one_connection_and_one_table_to_leave_out(
    each_server: Server, started: str, ignored: tuple[str, str]
) -> None:
    """What is known of one must not be taken for another."""
    with scratch.database(each_server, started) as database, database.connect() as own, database.connect() as other:
        followed = Followed(own, VERSIONS)

        assert followed.holds(own, VERSIONS)
        assert not followed.holds(own, ignored)
        assert not followed.holds(other, VERSIONS)


@pytest.mark.parametrize("change", ["SELECT 1", *CHANGES[:12]])
def test_what_is_known_of_a_database_serves_for_its_copy(each_server: Server, started: str, change: str) -> None:
    """A kept state is copied for each review, and its schema need not be read whole again."""
    with scratch.database(each_server, started) as first:
        with first.connect() as own:
            known = Followed(own, VERSIONS)
            known.read()
            state = known.state
        with (
            scratch.database(each_server, first.name) as copy,
            copy.connect() as own,
            copy.connect() as other,
        ):
            other.execute(change.encode())

            assert Followed(own, VERSIONS, state).read() == snapshot(other, ignore=[VERSIONS])


def test_what_is_known_of_another_database_is_not_taken_for_this_one(each_server: Server, started: str) -> None:
    """A state that is mixed up costs time, never a wrong picture."""
    with scratch.database(each_server) as elsewhere, elsewhere.connect() as own:
        own.execute("CREATE TABLE strange (id int)")
        known = Followed(own, VERSIONS)
        known.read()
    with scratch.database(each_server, started) as database, database.connect() as own, database.connect() as other:
        assert Followed(own, VERSIONS, known.state).read() == snapshot(other, ignore=[VERSIONS])
