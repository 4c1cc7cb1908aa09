"""`headgate.rehearsal.passage`: whatever a revision does with its sessions, it runs as it would untraced."""

from __future__ import annotations

import pytest

from headgate.rehearsal.trace import Lock, Work
from tests.unit.rehearsal_trace.conftest import ROWS, Tracing

RAW = "raw = op.get_bind().connection.driver_connection"
SECOND = 'import os\nengine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.pool.NullPool)'


def test_the_settings_in_force_are_told(traced: Tracing) -> None:
    """Whether a lock is waited for without an end is judged by them, not by the text."""
    seen = traced(
        "op.execute(\"SET LOCAL lock_timeout = '2s'\")\n"
        "op.execute(\"SELECT set_config('statement_timeout', '1min', true)\")\n"
        "op.execute(\"SET LOCAL timezone = 'Europe/Vienna'\")\n"
        'op.execute("SET LOCAL search_path = pg_catalog, public")\n'
        'op.execute("ALTER TABLE entries ADD a int")'
    )

    assert seen.only("ADD a").settings == {
        "lock_timeout": "2000",
        "statement_timeout": "60000",
        "idle_in_transaction_session_timeout": "0",
        "TimeZone": "Europe/Vienna",
        "search_path": "pg_catalog, public",
    }
    assert seen.statements[0].settings["TimeZone"] == "UTC"


def test_a_setting_ends_with_its_transaction(traced: Tracing) -> None:
    """SET LOCAL in an earlier one protects nobody."""
    seen = traced(
        "op.execute(\"SET LOCAL lock_timeout = '2s'\")\n"
        "with op.get_context().autocommit_block():\n"
        '    op.execute("CREATE INDEX CONCURRENTLY ix ON entries (id)")\n'
        '    op.execute("ALTER TABLE entries ADD a int")'
    )

    assert [one.settings["lock_timeout"] for one in seen.statements] == ["2000", "0", "0"]


def test_notices_are_told_with_their_code(traced: Tracing) -> None:
    """IF NOT EXISTS over something says so there and nowhere else."""
    seen = traced('op.execute("CREATE TABLE IF NOT EXISTS entries ()")\nop.execute("SELECT 1")')

    assert [one.notices for one in seen.statements] == [('42P07 relation "entries" already exists, skipping',), ()]


def test_a_failure_is_told_and_stays_the_revisions_own(traced: Tracing) -> None:
    """What the project reports of it must not be about headgate."""
    seen = traced('op.execute("SELECT 1")\nop.execute("ALTER TABLE nowhere ADD a int")', setup="")

    assert [one.error for one in seen.statements] == [None, "42P01"]
    assert seen.failure
    assert seen.failure.error == 'relation "nowhere" does not exist'


def test_a_statement_in_a_transaction_that_failed_fails_by_itself(traced: Tracing) -> None:
    """Nothing can be asked there; it must not be asked."""
    up = """
        try:
            op.execute("SELECT 1/0")
        except sa.exc.DataError:
            pass
        op.execute("ALTER TABLE entries ADD a int")
    """
    assert [one.error for one in traced(up).statements] == ["22012", "25P02"]


def test_what_a_savepoint_takes_back_is_not_told_of_the_next_statement(traced: Tracing) -> None:
    """The file of a table changes back, and the rows that were read stay counted."""
    up = """
        bind = op.get_bind()
        op.execute("LOCK TABLE entries")
        try:
            with bind.begin_nested():
                op.execute("ALTER TABLE entries ALTER id TYPE bigint")
                op.execute("UPDATE entries SET id = id / 0")
        except sa.exc.DataError:
            pass
        op.execute("ALTER TABLE entries ADD a int")
    """
    seen = traced(up)

    assert seen.failure is None
    assert seen.only("TYPE bigint").rewritten == ("entries",)
    assert seen.only("/ 0").error == "22012"
    after = seen.only("ADD a")
    assert (after.rewritten, after.work, after.transaction) == ((), (), 1)
    assert [one.rewritten for one in seen.statements if "ROLLBACK" in one.sql] == [()]


@pytest.mark.parametrize("end", ["raw.rollback()", 'raw.execute("ROLLBACK")'])
def test_a_rolled_back_transaction_is_not_told_of_the_next(end: str, traced: Tracing) -> None:
    """Its files are back, in whichever way the revision ended it."""
    up = f"""
        {RAW}
        raw.execute("ALTER TABLE entries ALTER id TYPE bigint")
        {end}
        raw.execute("ALTER TABLE entries ADD a int")
    """
    seen = traced(up)

    assert seen.only("TYPE").rewritten == ("entries",)
    assert seen.only("ADD a").rewritten == ()
    assert (seen.only("TYPE").transaction, seen.only("ADD a").transaction) == (1, 2)


def test_transactions_are_numbered_and_what_is_outside_has_no_number(traced: Tracing) -> None:
    """Half of a revision that commits on its way is there when the other half fails."""
    up = """
        op.execute("ALTER TABLE entries ADD a int")
        op.execute("ALTER TABLE entries ADD b int")
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY ix ON entries (id)")
            op.execute("ALTER TABLE entries ADD c int")
        op.execute("ALTER TABLE entries ADD d int")
    """
    seen = traced(up)

    assert [one.transaction for one in seen.statements] == [1, 1, None, None, 2]
    assert seen.trace.committed_before_end
    assert seen.only("ADD c").locks == (Lock("entries", "table", "ACCESS EXCLUSIVE"),)
    assert seen.only("ADD d").held == (Lock("entries", "table", "ACCESS EXCLUSIVE"),)


def test_one_transaction_is_not_committed_before_its_end(traced: Tracing) -> None:
    """Nor is one statement that stands by itself."""
    assert not traced('op.execute("SELECT 1")\nop.execute("SELECT 2")').trace.committed_before_end


def test_a_string_that_holds_its_own_transaction_is_seen(traced: Tracing) -> None:
    """SQL files begin and commit; afterwards no lock is left to read."""
    up = """
        op.execute("BEGIN; ALTER TABLE entries ALTER id TYPE bigint; COMMIT")
    """
    (statement,) = traced(up).statements

    assert statement.rewritten == ("entries",)
    assert statement.strongest("entries") == Lock("entries", "table", "ACCESS EXCLUSIVE")
    assert statement.work[0].read >= ROWS


def test_a_transaction_begun_by_sql_stays_open(traced: Tracing) -> None:
    """The one that tracing gives a statement must not end another's."""
    up = """
        with op.get_context().autocommit_block():
            op.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
            op.execute("ALTER TABLE entries ADD a int")
            op.execute("SELECT count(*) FROM entries")
            assert op.get_bind().exec_driver_sql("SHOW transaction_isolation").scalar() == "serializable"
            op.execute("ROLLBACK")
            assert not sa.inspect(op.get_bind()).get_columns("entries")[1:]
    """
    seen = traced(up)

    assert seen.failure is None
    assert {one.transaction for one in seen.statements[:4]} == {1}
    assert seen.statements[0].notices == ()
    assert seen.only("count").strongest("entries") == Lock("entries", "table", "ACCESS EXCLUSIVE")


def test_what_needs_a_transaction_fails_where_there_is_none(traced: Tracing) -> None:
    """Tracing gives it one, and the revision fails on the real database all the same."""
    up = 'with op.get_context().autocommit_block():\n    op.execute("LOCK TABLE entries")'
    seen = traced(up)

    assert [one.error for one in seen.statements] == ["25P01"]
    assert seen.failure
    assert seen.failure.sqlstate == "25P01"


def test_a_constraint_that_waits_for_the_commit_fails_with_the_statement(traced: Tracing) -> None:
    """Where each statement commits, that is where it fails."""
    up = """
        with op.get_context().autocommit_block():
            op.execute("INSERT INTO items VALUES (1000)")
    """
    setup = "CREATE TABLE items (id int REFERENCES entries DEFERRABLE INITIALLY DEFERRED)"
    assert [one.error for one in traced(up, setup=setup).statements] == ["23503"]


def test_a_block_that_commits_runs_as_it_must(traced: Tracing) -> None:
    """It is refused in a transaction, whichever way it was sent there."""
    up = """
        with op.get_context().autocommit_block():
            op.execute("DO $$ BEGIN ALTER TABLE entries ADD a int; COMMIT; UPDATE entries SET a = 1; END $$")
    """
    seen = traced(up)

    assert seen.failure is None
    (statement,) = seen.statements
    assert (statement.concurrent, statement.error) == (True, None)
    assert statement.strongest("entries") == Lock("entries", "table", "ACCESS EXCLUSIVE")
    assert seen.work("DO")["entries"].updated == ROWS


def test_a_second_session_is_traced_beside_the_first(traced: Tracing) -> None:
    """Its locks are its own, and so is its transaction."""
    up = f"""
        op.execute("CREATE TABLE items (id int)")
        {SECOND.replace(chr(10), chr(10) + "        ")}
        with engine.begin() as other:
            other.exec_driver_sql("ALTER TABLE entries ADD a int")
        op.execute("SELECT 1")
    """
    seen = traced(up)

    assert seen.failure is None
    assert {lock.relation for lock in seen.only("ADD a").held} == {"entries"}
    assert {lock.relation for lock in seen.only("SELECT 1").held} >= {"items", "alembic_version"}
    assert seen.only("ADD a").transaction != seen.only("SELECT 1").transaction
    assert seen.told(seen.only("ADD a")).startswith("other.exec_driver_sql")


def test_a_revision_that_closes_its_connection_is_traced_until_then(traced: Tracing) -> None:
    """The run fails, as it would without tracing."""
    up = f"""
        op.execute("ALTER TABLE entries ADD a int")
        {RAW}
        raw.close()
        op.execute("SELECT 1")
    """
    seen = traced(up)

    assert seen.only("ADD a").locks
    assert seen.failure
    assert "the connection is closed" in seen.failure.error


def test_a_revision_that_ends_its_session_on_the_server_is_traced_until_then(traced: Tracing) -> None:
    """There is nothing to look at any more."""
    seen = traced('op.execute("SELECT pg_terminate_backend(pg_backend_pid())")')

    [one] = seen.statements
    assert one.error in {"57P01", "OperationalError"}  # psycopg 3.2.1 keeps the server's last word to itself
    assert seen.failure


def test_a_role_without_rights_is_traced_too(traced: Tracing) -> None:
    """Some revisions work as the owner of the tables."""
    up = """
        op.execute("SET LOCAL ROLE weak_of_trace")
        op.execute("SELECT count(*) FROM entries")
        op.execute("RESET ROLE")
        op.execute("DROP OWNED BY weak_of_trace")
        op.execute("DROP ROLE weak_of_trace")
    """
    seen = traced(up, setup="CREATE ROLE weak_of_trace; GRANT SELECT ON entries TO weak_of_trace")

    assert seen.failure is None
    assert seen.work("count") == {"entries": Work("", read=ROWS)}


def test_the_environment_does_not_lead_the_watching_session_elsewhere(
    traced: Tracing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libpq tells no port that is its own default, and takes PGPORT when none is told."""
    monkeypatch.setenv("PGPORT", "1")
    up = """
        with op.get_context().autocommit_block():
            op.create_index("ix", "entries", ["id"], postgresql_concurrently=True)
    """
    assert traced(up).failure is None


def test_a_transaction_can_still_be_given_its_isolation_first(traced: Tracing) -> None:
    """SET TRANSACTION must come before any query, so there must be none of ours."""
    up = f"""
        {RAW}
        raw.commit()
        raw.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        raw.execute("ALTER TABLE entries ADD a int")
    """
    seen = traced(up)

    assert [one.error for one in seen.statements] == [None, None]
    assert [lock.relation for lock in seen.only("ADD a").locks] == ["entries"]


def test_prepared_statements_and_pipelines_are_left_alone(traced: Tracing) -> None:
    """They are psycopg's business: what it has prepared must still be there when it comes back to it."""
    up = f"""
        {RAW}
        for number in range(8):
            raw.execute("SELECT id FROM entries WHERE id = %s", [number])
        assert raw.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (1,)
        raw.execute("DEALLOCATE ALL")
        with raw.pipeline():
            raw.execute("CREATE TABLE items (id int)")
            raw.execute("INSERT INTO items VALUES (1)")
        raw.execute("SELECT count(*) FROM items")
    """
    seen = traced(up)

    assert seen.failure is None
    assert {"CREATE TABLE items (id int)", "INSERT INTO items VALUES (1)"} <= {one.sql for one in seen.statements}
    assert seen.work("count(*) FROM items") == {"items": Work("", read=1)}
