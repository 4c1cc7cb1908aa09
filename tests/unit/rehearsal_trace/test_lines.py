"""`headgate.rehearsal.lines`: by whatever way a statement is sent, it is told with the revision's line."""

from __future__ import annotations

import pytest

from tests.unit.rehearsal_trace.conftest import Tracing

NOTE = "ALTER TABLE entries ADD note text; UPDATE entries SET note = ''"
HELPERS = 'def add(op, name):\n    op.execute(f"ALTER TABLE entries ADD {name} int")\n'

WAYS = {
    "an operation": ('op.add_column("entries", sa.Column("a", sa.Text()))', "ADD COLUMN a", "op.add_column"),
    "op.execute": ('x = 1\nop.execute("ALTER TABLE entries ADD a int")', "ADD a", "op.execute"),
    "a call over lines": ('op.execute(\n    "ALTER TABLE entries "\n    "ADD a int"\n)', "ADD a", "op.execute("),
    "the bind": ('op.get_bind().execute(sa.text("ALTER TABLE entries ADD a int"))', "ADD a", "op.get_bind"),
    "driver SQL": ('op.get_bind().exec_driver_sql("ALTER TABLE entries ADD a int")', "ADD a", "op.get_bind"),
    "a raw cursor": (
        'cursor = op.get_bind().connection.cursor()\ncursor.execute("ALTER TABLE entries ADD a int")',
        "ADD a",
        "cursor.execute",
    ),
    "executemany": (
        'cursor = op.get_bind().connection.cursor()\ncursor.executemany("UPDATE entries SET id = %s", [(1,)])',
        "UPDATE",
        "cursor.executemany",
    ),
    "COPY": (
        "cursor = op.get_bind().connection.cursor()\n"
        'with cursor.copy("COPY entries FROM STDIN") as copy:\n    copy.write_row((1000,))',
        "COPY",
        "with cursor.copy",
    ),
    "a stream of rows": (
        "cursor = op.get_bind().connection.cursor()\nfor row in cursor.stream('TABLE entries'):\n    pass",
        "TABLE entries",
        "for row in cursor.stream",
    ),
    "a cursor on the server": (
        'op.get_bind().execution_options(stream_results=True).execute(sa.text("TABLE entries"))',
        "TABLE entries",
        "op.get_bind()",
    ),
    "a helper in the file": (
        'def add(name):\n    op.execute(f"ALTER TABLE entries ADD {name} int")\nadd("a")',
        "ADD a",
        'op.execute(f"',
    ),
    "a helper elsewhere": ('from helpers import add\nadd(op, "a")', "ADD a", "add(op"),
    "an asynchronous cursor": (
        "import asyncio, os, psycopg\n"
        "async def change():\n"
        '    url = os.environ["DATABASE_URL"].replace("+psycopg", "")\n'
        "    async with await psycopg.AsyncConnection.connect(url) as connection:\n"
        '        await connection.execute("ALTER TABLE entries ADD a int")\n'
        "asyncio.run(change())",
        "ADD a",
        "await connection.execute",
    ),
    "an ORM session": (
        "from sqlalchemy.orm import Session\n"
        "from models import entries\n"
        "session = Session(op.get_bind())\n"
        "session.execute(entries.insert().values(id=1000, note=None))",
        "INSERT",
        "session.execute",
    ),
    "a batch": (
        'with op.batch_alter_table("entries") as batch:\n'
        '    batch.add_column(sa.Column("a", sa.Text()))\n'
        '    batch.alter_column("note", nullable=False)\n',
        "SET NOT NULL",
        "batch.alter_column",
    ),
    "a block that commits by itself": (
        "with op.get_context().autocommit_block():\n"
        '    op.create_index("ix", "entries", ["id"], postgresql_concurrently=True)',
        "CREATE INDEX",
        "op.create_index",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_send_a_statement_leads_to_its_line(way: str, traced: Tracing) -> None:
    """A finding is corrected, or allowed, at the line that it names."""
    up, sent, line = WAYS[way]

    seen = traced(
        up,
        setup=NOTE,
        files={"helpers.py": HELPERS},
    )

    assert seen.told(seen.only(sent)).startswith(line)
    assert seen.only(sent).function == "upgrade"


def test_each_round_of_a_loop_is_a_statement(traced: Tracing) -> None:
    """One line may do harm to one table and none to another."""
    seen = traced('for name in ("a", "b"):\n    op.execute(f"ALTER TABLE entries ADD {name} int")')

    assert [(one.number, seen.told(one)[:10]) for one in seen.statements] == [(1, "op.execute"), (2, "op.execute")]


def test_a_batch_that_failed_does_not_lend_its_line_to_what_comes_after(traced: Tracing) -> None:
    """The revision may catch the error and go on."""
    up = """
        try:
            with op.get_bind().begin_nested(), op.batch_alter_table("entries") as batch:
                batch.drop_column("nowhere")
        except sa.exc.ProgrammingError as error:
            kept = error
        op.execute("ALTER TABLE entries ADD a int")
    """
    seen = traced(up)

    assert seen.told(seen.only("DROP COLUMN")).startswith("batch.drop_column")
    assert seen.told(seen.only("ADD a")).startswith("op.execute")


def test_the_downgrade_is_traced_as_the_upgrade_is(traced: Tracing) -> None:
    """It is what runs on the day that everything goes wrong."""
    seen = traced('op.execute("ALTER TABLE entries ADD a int")', 'op.drop_column("entries", "a")', direction="down")

    assert seen.trace.direction == "down"
    assert [(one.function, seen.told(one)) for one in seen.statements] == [
        ("downgrade", 'op.drop_column("entries", "a")')
    ]


def test_what_env_py_and_alembic_send_is_not_the_revisions(traced: Tracing) -> None:
    """The version table is locked too, and nobody could do anything about it."""
    seen = traced('op.execute("SELECT 1")')

    assert [one.sql for one in seen.statements] == ["SELECT 1"]
