"""`headgate.rehearsal.effects`: what is told of a statement is what the server did, all of it and nothing else."""

from __future__ import annotations

import pickle

from headgate.rehearsal.trace import Lock, Work
from tests.projects import ENV
from tests.unit.rehearsal_trace.conftest import ROWS, Tracing

NOTE = "ALTER TABLE entries ADD note text; UPDATE entries SET note = id"


def test_a_lock_is_told_when_it_is_taken_and_while_it_is_held(traced: Tracing) -> None:
    """The statement that takes it is rarely the one that makes others wait for long."""
    seen = traced('op.execute("ALTER TABLE entries ADD a int")\nop.execute("SELECT count(*) FROM entries")')

    assert seen.only("ADD a").locks == (Lock("entries", "table", "ACCESS EXCLUSIVE"),)
    assert Lock("entries", "table", "ACCESS EXCLUSIVE") in seen.only("SELECT").held
    assert [(statement.sql, work, lock.mode) for statement, work, lock in seen.trace.blocking()] == [
        ("SELECT count(*) FROM entries", Work("entries", read=ROWS), "ACCESS EXCLUSIVE")
    ]


def test_rows_are_counted_by_what_was_done_to_them(traced: Tracing) -> None:
    """Bulk work is judged by how many."""
    seen = traced(
        'op.execute("INSERT INTO entries VALUES (1000), (1001)")\n'
        'op.execute("UPDATE entries SET id = id + 5000 WHERE id < 11")\n'
        'op.execute("DELETE FROM entries WHERE id % 2 = 0")'
    )

    assert seen.work("INSERT") == {"entries": Work("", inserted=2)}
    assert seen.work("UPDATE")["entries"].updated == 10
    assert seen.work("DELETE")["entries"].deleted == 51


def test_work_of_the_transaction_before_is_not_told_again(traced: Tracing) -> None:
    """The server hands its counters over a second late; a scan would be charged to the next statement."""
    up = """
        with op.get_context().autocommit_block():
            op.execute("SELECT count(*) FROM entries")
            op.execute("ALTER TABLE entries ADD a int")
    """
    seen = traced(up)

    assert seen.work("SELECT") == {"entries": Work("", read=ROWS)}
    assert seen.work("ADD a") == {}


def test_work_of_env_py_is_not_the_revisions(traced: Tracing) -> None:
    """It may read the table in the same transaction."""
    env = ENV.replace(
        "        context.run_migrations()",
        '        connection.exec_driver_sql("SELECT count(*) FROM pg_tables")\n'
        "        if connection.exec_driver_sql(\"SELECT to_regclass('entries')\").scalar():\n"
        '            connection.exec_driver_sql("SELECT count(*) FROM entries")\n'
        "        context.run_migrations()",
    )
    seen = traced('op.execute("ALTER TABLE entries ADD a int")', env=env)

    assert seen.work("ADD a") == {}
    assert not any(seen.trace.blocking())


def test_a_rewrite_a_truncation_and_a_rebuilt_index_are_told_apart(traced: Tracing) -> None:
    """The first grows with the rows, the second loses them, the third reads them."""
    seen = traced(
        'op.execute("ALTER TABLE entries ALTER id TYPE bigint")\n'
        'op.execute("REINDEX INDEX ix")\n'
        'op.execute("ALTER TABLE entries ALTER note TYPE varchar COLLATE \\"C\\"")\n'
        'op.execute("TRUNCATE items")',
        setup=f"{NOTE}; CREATE INDEX ix ON entries (note); CREATE TABLE items AS TABLE entries",
        rows={"items": ROWS},
    )

    told = [(one.rewritten, one.truncated, one.reindexed, one.built) for one in seen.statements]
    assert told == [
        (("entries",), (), (), ()),
        ((), (), ("ix",), ()),
        ((), (), ("ix",), ()),
        ((), ("items",), (), ()),
    ]


def test_an_index_that_keeps_its_file_was_not_built(traced: Tracing) -> None:
    """ALTER TABLE drops the index of a widened column and makes it anew out of the old file."""
    seen = traced(
        'op.execute("ALTER TABLE entries ALTER note TYPE varchar(40)")',
        setup="ALTER TABLE entries ADD note varchar(20); CREATE INDEX ix ON entries (note)",
    )

    (statement,) = seen.statements
    assert (statement.rewritten, statement.reindexed, statement.built, statement.work) == ((), (), (), ())


def test_an_index_is_told_with_its_table(traced: Tracing) -> None:
    """Built in the transaction, and built beside it."""
    up = """
        op.create_index("plain", "entries", ["id"])
        with op.get_context().autocommit_block():
            op.create_index("beside", "entries", ["id"], postgresql_concurrently=True)
    """
    seen = traced(up)

    assert seen.only("plain").built == (("plain", "entries"),)
    assert seen.only("beside").built == (("beside", "entries"),)
    assert not seen.only("plain").concurrent


def test_what_cannot_run_in_a_transaction_is_seen_from_beside(traced: Tracing) -> None:
    """Its locks, the rows that it read, and that it made nobody wait."""
    up = """
        with op.get_context().autocommit_block():
            op.create_index("ix", "entries", ["id"], postgresql_concurrently=True)
            op.execute("REINDEX INDEX CONCURRENTLY ix")
            op.execute("VACUUM FULL entries")
    """
    seen = traced(up, setup="INSERT INTO entries SELECT n FROM generate_series(1000, 9000) n")

    assert [one.concurrent for one in seen.statements] == [True] * 3
    assert [one.transaction for one in seen.statements] == [None] * 3
    assert seen.only("CREATE").strongest("entries") == Lock("entries", "table", "SHARE UPDATE EXCLUSIVE")
    assert seen.only("CREATE").work[0].read >= 8000
    assert seen.only("REINDEX").reindexed == ("ix",)
    assert seen.only("VACUUM").rewritten == ("entries",)
    assert [(one.sql, lock.mode) for one, _, lock in seen.trace.blocking()] == [
        ("VACUUM FULL entries", "ACCESS EXCLUSIVE")
    ]


def test_each_table_is_seen_that_one_statement_takes_after_the_other(traced: Tracing) -> None:
    """REINDEX SCHEMA locks them in transactions of its own, for less time than one needs to look."""
    tables = tuple(f"t{number}" for number in range(8))
    up = """
        with op.get_context().autocommit_block():
            op.execute("REINDEX SCHEMA public")
    """
    setup = ";".join(f"CREATE TABLE {table} (id int PRIMARY KEY); INSERT INTO {table} VALUES (1)" for table in tables)

    seen = traced(up, setup=setup)

    held = seen.only("REINDEX").held
    assert [table for table in tables if Lock(table, "table", "SHARE") not in held] == []


def test_the_rows_that_validation_reads_are_counted(traced: Tracing) -> None:
    """The server checks a foreign key by a query of its own, a domain in every table that uses it."""
    seen = traced(
        'op.execute("ALTER TABLE items ADD FOREIGN KEY (entry) REFERENCES entries (id)")\n'
        'op.execute("ALTER DOMAIN small ADD CHECK (value < 9000)")\n'
        'op.execute("ALTER TABLE parts ATTACH PARTITION part FOR VALUES FROM (0) TO (9000)")\n'
        'op.execute("REFRESH MATERIALIZED VIEW seen")',
        setup="CREATE TABLE items (entry int); INSERT INTO items SELECT id FROM entries;"
        "CREATE DOMAIN small AS int; CREATE TABLE sizes (size small); INSERT INTO sizes SELECT id FROM entries;"
        "CREATE TABLE parts (id int) PARTITION BY RANGE (id);"
        "CREATE TABLE part (id int); INSERT INTO part SELECT id FROM entries;"
        "CREATE MATERIALIZED VIEW seen AS SELECT id FROM entries",
        rows={"items": ROWS, "sizes": ROWS, "parts": 0, "part": ROWS, "seen": ROWS},
    )

    assert seen.work("FOREIGN KEY")["items"].read == ROWS
    assert seen.work("DOMAIN") == {"sizes": Work("", read=ROWS)}
    assert seen.work("ATTACH") == {"part": Work("", read=ROWS)}
    assert seen.work("REFRESH")["entries"].read == ROWS
    assert seen.only("REFRESH").rewritten == ("seen",)
    blocked = {lock.relation: lock.mode for _, _, lock in seen.trace.blocking()}
    assert blocked["items"] == "SHARE ROW EXCLUSIVE"
    assert blocked["sizes"] == "SHARE"
    assert blocked["part"] == "ACCESS EXCLUSIVE"
    assert blocked["seen"] == "ACCESS EXCLUSIVE"


def test_ddl_in_a_block_and_in_a_function_is_seen(traced: Tracing) -> None:
    """The text says nothing of it."""
    seen = traced(
        "op.execute(\"DO $$ BEGIN EXECUTE 'ALTER TABLE entries ALTER id TYPE bigint'; END $$\")\n"
        'op.execute("SELECT change()")',
        setup="CREATE FUNCTION change() RETURNS void LANGUAGE sql AS 'ALTER TABLE entries ALTER id TYPE numeric'",
    )

    assert [one.rewritten for one in seen.statements] == [("entries",), ("entries",)]


def test_statements_in_one_string_are_one_with_all_their_effects(traced: Tracing) -> None:
    """It reaches the server as one."""
    seen = traced(
        'op.execute("ALTER TABLE entries ADD a int; CREATE INDEX ix ON entries (id); UPDATE entries SET a = 1")'
    )

    (statement,) = seen.statements
    assert statement.built == (("ix", "entries"),)
    assert seen.work("ADD a")["entries"].updated == ROWS
    assert statement.strongest("entries") == Lock("entries", "table", "ACCESS EXCLUSIVE")


def test_a_renamed_table_is_still_the_old_one(traced: Tracing) -> None:
    """It keeps its readers' rows; a table that takes over its name has none."""
    seen = traced(
        'op.rename_table("entries", "notes")\n'
        'op.execute("CREATE TABLE entries (id int)")\n'
        'op.execute("CREATE INDEX first ON entries (id)")\n'
        'op.execute("CREATE INDEX second ON notes (id)")'
    )

    assert [(one.sql, lock.relation) for one, _, lock in seen.trace.blocking()] == [
        ("CREATE INDEX second ON notes (id)", "entries")
    ]
    assert seen.only("first").built == (("first", "entries (new)"),)


def test_a_table_in_another_schema_is_told_as_the_catalog_spells_it(traced: Tracing) -> None:
    """Rules look it up there."""
    seen = traced(
        """op.execute('ALTER TABLE store."Order" ADD a int')""",
        setup='CREATE SCHEMA store; CREATE TABLE store."Order" ()',
    )

    assert seen.only("ADD a").locks == (Lock('store."Order"', "table", "ACCESS EXCLUSIVE"),)


def test_a_dropped_table_is_told(traced: Tracing) -> None:
    """It is no longer in the catalog when one looks."""
    assert Lock("entries", "table", "ACCESS EXCLUSIVE") in traced('op.drop_table("entries")').only("DROP").locks


def test_a_trace_pickles(traced: Tracing) -> None:
    """It crosses from the child process, and is kept."""
    trace = traced('op.execute("SELECT 1")').trace

    assert pickle.loads(pickle.dumps(trace)) == trace
