"""`headgate.rehearsal.changes`: which statement made which difference of the schema."""

from __future__ import annotations

import pytest

from headgate.rehearsal.trace import Refusal
from tests.unit.rehearsal_trace.conftest import Tracing

RAW = "raw = op.get_bind().connection.driver_connection"


def test_each_statement_is_told_with_what_it_made_itself(traced: Tracing) -> None:
    """All are in one transaction, and several are about one table: the last state alone would not tell them apart."""
    up = """
        op.execute("ALTER TABLE entries ADD CONSTRAINT positive CHECK (id > 0) NOT VALID")
        op.execute("ALTER TABLE entries VALIDATE CONSTRAINT positive")
        op.execute("ALTER TABLE entries ADD a int")
        op.execute("UPDATE entries SET a = 1")
        op.execute("ALTER TABLE entries ALTER a SET NOT NULL")
        op.create_index("ix_a", "entries", ["a"])
        op.execute("COMMENT ON COLUMN entries.a IS 'one'")
        op.execute("GRANT SELECT ON entries TO PUBLIC")
    """
    seen = traced(up)

    assert [seen.made(one.sql) for one in seen.statements] == [
        ["+ check constraint positive on entries CHECK ((id > 0)), not validated"],
        ["~ check constraint positive on entries: not validated -> validated"],
        ["+ column entries.a integer"],
        [],
        ["~ column entries.a: nullable -> NOT NULL"],
        ["+ index ix_a on entries (a)"],
        ["~ column entries.a: no comment -> the comment 'one'"],
        ["~ table entries: the default grants -> the grants SELECT to PUBLIC"],
    ]
    assert [one.tag for one in seen.statements] == [
        *["ALTER TABLE"] * 3,
        "UPDATE 100",
        "ALTER TABLE",
        "CREATE INDEX",
        "COMMENT",
        "GRANT",
    ]


def test_what_a_block_a_function_or_a_string_makes_is_told_of_it(traced: Tracing) -> None:
    """None of these says by its first word what it does."""
    up = """
        op.execute("DO $$ BEGIN ALTER TABLE entries ADD a int; GRANT SELECT ON items TO PUBLIC; END $$")
        op.execute("SELECT work()")
        op.execute("CREATE TABLE notes (id int); CREATE INDEX ix_notes ON notes (id); ALTER TABLE items ADD b int")
        op.execute("SELECT 1")
    """
    setup = """
        CREATE TABLE items ();
        CREATE FUNCTION work() RETURNS void LANGUAGE sql AS 'ALTER TABLE entries ADD c int'
    """
    seen = traced(up, setup=setup)

    assert seen.made("DO") == [
        "~ table items: the default grants -> the grants SELECT to PUBLIC",
        "+ column entries.a integer",
    ]
    assert seen.made("work()") == ["+ column entries.c integer"]
    assert seen.made("notes") == ["+ table notes", "+ column items.b integer"]
    assert seen.only("notes").tag == "CREATE TABLE; CREATE INDEX; ALTER TABLE"


@pytest.mark.parametrize(
    ("statement", "made"),
    [
        ("CREATE TYPE mood AS ENUM ('good')", ["enum mood"]),
        ("ALTER TYPE state ADD VALUE 'old'", ["enum state"]),
        ("ALTER DOMAIN short ADD CHECK (VALUE <> '')", ["check constraint short_check1 on short"]),
        ("CREATE SCHEMA app", ["schema app"]),
        ("CREATE SEQUENCE numbers", ["sequence numbers"]),
        ("ALTER SEQUENCE counter OWNED BY items.n", ["sequence counter"]),
        ("CREATE VIEW seen AS SELECT id FROM entries", ["view seen"]),
        ("DROP FUNCTION work()", ["function work()"]),
        ("CREATE POLICY own ON entries USING (id > 0)", ["policy own on entries"]),
        ("CREATE STATISTICS two ON n, state FROM items", ["statistics two"]),
        ("CREATE PUBLICATION news FOR TABLE entries", ["publication news"]),
        ("COMMENT ON FUNCTION work() IS 'x'", ["function work()"]),
        ("ALTER TABLE items RENAME n TO m", ["column items.m", "column items.n", "index ex", "index ix"]),
        ("ALTER INDEX ix RENAME TO iy", ["index ix"]),
        ("ALTER INDEX ix SET (fillfactor = 50)", ["index ix"]),
        ("ALTER INDEX ex ALTER COLUMN 1 SET STATISTICS 50", ["index ex"]),
        ("CLUSTER items USING ix", ["table items"]),
        ("CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION fired()", ["trigger t on items"]),
        ("CREATE RULE r AS ON DELETE TO items DO INSTEAD NOTHING", ["rule r on items"]),
        ("ALTER TABLE items ADD PRIMARY KEY (n)", ["column items.n", "primary key items_pkey on items"]),
        ("ALTER TABLE items INHERIT parents", ["table items"]),
        ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", ["default privileges"]),
        ("ANALYZE entries", []),
        ("INSERT INTO entries VALUES (1000)", []),
        ("CREATE TEMPORARY TABLE passing (id int)", []),
        ("SET LOCAL lock_timeout = 1000", []),
    ],
)
def test_whatever_a_statement_changes_is_read(statement: str, made: list[str], traced: Tracing) -> None:
    """Only parts of the catalog are read again, so each must be one that is found to be written."""
    setup = """
        CREATE TYPE state AS ENUM ('new');
        CREATE DOMAIN short AS text CHECK (length(VALUE) < 5);
        CREATE SEQUENCE counter;
        CREATE TABLE items (n int, state state);
        CREATE INDEX ix ON items (n);
        CREATE INDEX ex ON items ((n + 1));
        CREATE TABLE parents (n int);
        CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE FUNCTION work() RETURNS void LANGUAGE sql AS '';
    """
    seen = traced(f'op.execute("{statement}")\nop.execute("SELECT 1")', setup=setup)

    assert seen.failure is None
    found = sorted({f"{one.kind} {one.name}" for one in seen.only(statement).made})
    assert found == sorted(made) or [name.partition(" of ")[0] for name in found] == made


def test_a_new_name_is_read_wherever_it_is_quoted(traced: Tracing) -> None:
    """The view and the foreign key have no row written, and their definitions are other ones."""
    up = """
        op.execute("ALTER TABLE entries RENAME TO notes")
        op.execute("CREATE TABLE others ()")
        op.execute("SELECT 1")
    """
    setup = "CREATE VIEW seen AS SELECT id FROM entries; CREATE TABLE items (id int REFERENCES entries)"
    seen = traced(up, setup=setup)

    assert any("seen" in line for line in seen.made("RENAME"))
    assert any("foreign key items_id_fkey" in line for line in seen.made("RENAME"))
    assert seen.made("others") == ["+ table others"]


def test_the_last_statement_is_told_too(traced: Tracing) -> None:
    """No other one follows before which it could be read."""
    assert traced('op.execute("ALTER TABLE entries ADD a int")').made("ADD") == ["+ column entries.a integer"]


def test_what_is_undone_was_made_and_is_not_told_again(traced: Tracing) -> None:
    """ROLLBACK drops no column: it would be a finding about nothing."""
    up = """
        bind = op.get_bind()
        savepoint = bind.begin_nested()
        op.execute("ALTER TABLE entries ADD a int")
        savepoint.rollback()
        op.execute("ALTER TABLE entries ADD b int")
        op.execute("SELECT 1")
    """
    seen = traced(up)

    assert seen.made("ADD a") == ["+ column entries.a integer"]
    assert seen.made("ROLLBACK") == []
    assert seen.made("ADD b") == ["+ column entries.b integer"]


@pytest.mark.parametrize(
    "undo",
    [
        "raw.rollback()",
        'raw.execute("ROLLBACK")',
        "raw.close()",
        "raise RuntimeError",
        'raw.execute("SELECT 1/0")',
    ],
)
def test_what_is_lost_with_its_transaction_was_made(undo: str, traced: Tracing) -> None:
    """A rule speaks about it also where the revision stops afterwards."""
    seen = traced(f'{RAW}\nraw.execute("ALTER TABLE entries ADD a int")\n{undo}')

    assert seen.made("ADD a") == ["+ column entries.a integer"]


def test_a_block_of_psycopg_that_is_left_by_an_exception_is_undone(traced: Tracing) -> None:
    """It sends its ROLLBACK TO through no cursor."""
    up = f"""
        {RAW}
        try:
            with raw.transaction():
                raw.execute("ALTER TABLE entries ADD a int")
                raise KeyError
        except KeyError:
            raw.execute("ALTER TABLE entries ADD b int")
        raw.execute("SELECT 1")
    """
    seen = traced(up)

    assert seen.made("ADD a") == ["+ column entries.a integer"]
    assert seen.made("ADD b") == ["+ column entries.b integer"]


def test_what_is_done_outside_a_transaction_is_told(traced: Tracing) -> None:
    """What was written cannot be counted there, and nothing else stands between it and the last reading."""
    up = """
        op.execute("ALTER TABLE entries ADD a int")
        with op.get_context().autocommit_block():
            op.create_index("ix_a", "entries", ["a"], postgresql_concurrently=True)
            op.execute("ALTER TABLE entries ADD b int")
            op.execute("DROP INDEX CONCURRENTLY ix_a")
        op.execute("BEGIN; ALTER TABLE entries ADD c int; COMMIT")
        op.execute("ALTER TABLE entries ADD d int")
    """
    seen = traced(up)

    assert [seen.made(one.sql) for one in seen.statements] == [
        ["+ column entries.a integer"],
        ["+ index ix_a on entries (a)"],
        ["+ column entries.b integer"],
        ["- index ix_a"],
        ["+ column entries.c integer"],
        ["+ column entries.d integer"],
    ]


def test_what_env_py_made_before_is_not_the_first_statements(traced: Tracing) -> None:
    """Many a schema is made there, in the same transaction."""
    from tests.projects import ENV

    env = ENV.replace(
        "context.run_migrations()",
        'connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS app")\n        context.run_migrations()',
    )
    seen = traced('op.execute("CREATE TABLE app.t ()")\nop.execute("SELECT 1")', setup="DROP SCHEMA app", env=env)

    assert seen.made("app.t") == ["+ table app.t"]


def test_reading_leaves_nothing_in_the_session(traced: Tracing) -> None:
    """A view is printed under a lock, and a statement of the revision may time out where none of ours may."""
    up = """
        op.execute("SET LOCAL statement_timeout = '20ms'")
        op.execute("ALTER TABLE entries RENAME TO notes")
        op.execute("SELECT 1")
        assert op.get_bind().exec_driver_sql("SHOW statement_timeout").scalar() == "20ms"
        assert op.get_bind().exec_driver_sql("SHOW search_path").scalar() == '"$user", public'
    """
    views = "".join(f"CREATE TABLE t{n} (id int); CREATE VIEW v{n} AS SELECT id FROM t{n};" for n in range(30))
    seen = traced(up, setup=views)

    assert seen.failure is None
    assert {lock.relation for lock in seen.only("SELECT 1").held} == {
        "alembic_version",
        "alembic_version_pkc",
        "entries",
    }
    assert seen.only("SHOW search").settings["statement_timeout"] == "20"


def test_a_refusal_is_told_with_what_it_is_about(traced: Tracing) -> None:
    """What must hold before the revision runs follows from it."""
    seen = traced(
        'op.execute("UPDATE entries SET id = 0 WHERE id = 1")\n'
        'op.execute("ALTER TABLE entries ADD CONSTRAINT positive CHECK (id > 0)")'
    )

    last = seen.only("positive")
    assert last.refusal == Refusal(
        "23514",
        'check constraint "positive" of relation "entries" is violated by some row',
        schema="public",
        table="entries",
        constraint="positive",
    )
    assert (last.made, last.tag) == ((), "")
    assert {lock.relation for lock in last.held} >= {"entries", "entries_pkey"}
