"""Revisions that go wrong in every way: each is told in full, with its exit code, and leaves nothing behind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.functional.conftest import Said, Terminal, error
from tests.projects import ENV, REVISIONS, SECOND, THIRD, make_project, revision

MADE = 'op.create_table("things", sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True))'
UNMADE = 'op.drop_table("things")'
CORRECT = "correct the {}; the scratch database that it ran on is gone, nothing else was touched"
LONGER = """\
correct the {}, or give it longer: timeout in [tool.headgate], in seconds;
        the scratch database that it ran on is gone, nothing else was touched"""
LEAVE = """\
leave the version table, search_path and the role to Alembic as the revision found them;
        the scratch database that it ran on is gone, nothing else was touched"""
ONE = "1 statement judged by … rules"
ROUND = "Python, no statement was sent for 2 s: it goes round for ever, or takes too long"
ASYNCHRONOUS = """\
import asyncio

from alembic import context
from models import metadata
from sqlalchemy.ext.asyncio import create_async_engine


def run(connection):
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    async with create_async_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
        await connection.run_sync(run)


asyncio.run(main())
"""
UNNOTED = "it ran, but Alembic could not note it in the version table\n"
NO_TABLE = (
    f'{UNNOTED}PostgreSQL 18.4: 42P01, relation "alembic_version" does not exist\n'
    f"statement: UPDATE alembic_version SET version_num='{THIRD}' WHERE alembic_version.version_num = '{SECOND}'"
)


@pytest.fixture
def temporary(short_folder: Path) -> Iterator[Path]:
    """The folder for temporary files of a command; whatever stays in it, or runs with it, was left behind."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir=short_folder))
    folder.chmod(0o1777)
    yield folder
    for process in running(folder):
        process.kill()
    shutil.rmtree(folder)


def running(folder: Path) -> list[psutil.Process]:
    """The processes that were started by a command with this temporary folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def review(terminal: Terminal, temporary: Path, tmp_path: Path) -> Iterator[Callable[..., Said]]:
    """Reviews one revision with this upgrade; afterwards nothing that the command started is there."""

    def run(up: str, down: str = "", *, timeout: int = 60, env: str = ENV) -> Said:
        source = revision(THIRD, SECOND, up, down or (UNMADE if MADE in up else 'op.execute("SELECT 1")'))
        made = make_project(
            tmp_path / "p",
            {**REVISIONS, f"{THIRD}_things.py": source},
            env=env,
            settings=f'judge = "all"\nbaseline = "{SECOND}"\ntimeout = {timeout}',
        )
        own = replace(terminal, environment={**terminal.environment, "TMPDIR": str(temporary)})
        return own.type(made.root, "migrate.review")

    yield run
    assert running(temporary) == []
    assert list(temporary.iterdir()) == []


def stopped(line: int, code: str, seen: str, fix: str, *, judged: str = "0 statements judged by … rules") -> Said:
    """What is said of an upgrade that does not come to its end."""
    indent = "    " if code and not code.startswith("def ") else ""
    margin = f"   {' ' * len(str(line)) if code else ''} │ {indent}"
    code = code and f"   {line} │ {indent}{code}\n"
    statements = "" if not judged[0].isdigit() or judged[0] == "0" else f", {judged.partition(' judged')[0]}"
    return Said(
        1,
        f"error[upgrade-fails]: revision {THIRD} does not upgrade\n"
        f"  alembic/versions/{THIRD}_things.py:{line}\n"
        f"{code}{''.join(margin + one + chr(10) for one in seen.splitlines())}"
        f"   fix  {fix}\n\n"
        f"not run rules    {judged}\n\n"
        f"1 new revision{statements}, … rules: 1 error.  History of 2 revisions: run, not judged.  PostgreSQL 18.4.\n",
    )


def passed(statements: str) -> Said:
    """What is said of an upgrade with which nothing is wrong."""
    return Said(
        0,
        f"1 new revision, {statements}, … rules: nothing to fix.  History of 2 revisions: run, not judged.  "
        "PostgreSQL 18.4.\n",
    )


@pytest.mark.parametrize(
    "up",
    [
        "import os, time\nif os.fork() == 0:\n    time.sleep(7777)\n",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(7777)\n"
        "    os._exit(0)\n",
        "import os, sys\nif os.fork() == 0:\n    sys.exit(1)\nos.wait()\n",
        'import subprocess\nsubprocess.Popen(["sleep", "7777"])\n',
        'import sys\nprint("x" * 1_000_000)\nprint("to stderr", file=sys.stderr)\n',
        "from pathlib import Path\nPath(__file__).read_text()\n",
        'import socket\nsocket.create_server(("127.0.0.1", 0))\n',
    ],
    ids=["fork", "daemon", "fork that exits", "program", "print", "file", "network"],
)
def test_what_harms_nobody_is_let_do(up: str, review: Callable[..., Said]) -> None:
    """It is the project's own business; but what it started does not outlive the run, and its output is not ours."""
    assert review(up + MADE) == passed("1 statement")


def test_a_process_that_shares_the_connection_ends_with_the_run(review: Callable[..., Said]) -> None:
    """Two processes talk on one connection, and what comes of it differs; it is told, and both are gone."""
    said = review(f"import os\nos.fork()\n{MADE}", timeout=2)
    assert said.code in {0, 1, 2}
    assert f"{THIRD}" in said.out + said.err


@pytest.mark.parametrize(
    ("up", "told"),
    [
        (
            'raise ValueError("no such customer")',
            stopped(
                16,
                'raise ValueError("no such customer")',
                "Python, ValueError: no such customer",
                CORRECT.format("line"),
            ),
        ),
        (
            'raise SystemExit("no more")',
            stopped(16, 'raise SystemExit("no more")', "Python, SystemExit: no more", CORRECT.format("line")),
        ),
        (
            f"op.get_bind().close()\n{MADE}",
            stopped(17, MADE, "Python, ResourceClosedError: This Connection is closed", CORRECT.format("line")),
        ),
        (
            'open("/nowhere/rows.csv")',
            stopped(
                16,
                'open("/nowhere/rows.csv")',
                "Python, FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/rows.csv'",
                CORRECT.format("line"),
            ),
        ),
        (
            """op.get_bind().execute(sa.text("SELECT id FROM entries WHERE note = 'the root'")).scalar_one()""",
            stopped(
                16,
                """op.get_bind().execute(sa.text("SELECT id FROM entries WHERE note = 'the root'")).scalar_one()""",
                "Python, NoResultFound: No row was found when one was required",
                CORRECT.format("line"),
                judged=ONE,
            ),
        ),
        (
            'op.execute("ALTER TABEL entries ADD COLUMN x int")',
            stopped(
                16,
                'op.execute("ALTER TABEL entries ADD COLUMN x int")',
                'PostgreSQL 18.4: 42601, syntax error at or near "TABEL"\n'
                "statement: ALTER TABEL entries ADD COLUMN x int",
                CORRECT.format("statement"),
                judged=ONE,
            ),
        ),
        (
            f'op.execute("SET ROLE pg_monitor")\n{MADE}',
            stopped(
                17,
                MADE,
                "PostgreSQL 18.4: 42501, permission denied for schema public\n"
                "statement: CREATE TABLE things ( id BIGINT GENERATED BY DEFAULT AS IDENTITY, PRIMARY KEY (id) )",
                CORRECT.format("statement"),
                judged="2 statements judged by … rules",
            ),
        ),
        (
            'op.execute("CREATE EXTENSION postgis")',
            stopped(
                16,
                'op.execute("CREATE EXTENSION postgis")',
                'PostgreSQL 18.4: 0A000, extension "postgis" is not available HINT: The extension must first be'
                " installed on the system where PostgreSQL is running.\nstatement: CREATE EXTENSION postgis",
                "judge on a server where postgis is installed: HEADGATE_POSTGRES_URL=postgresql://user@host/postgres\n"
                "        or server_url in [tool.headgate]; the scratch database that it ran on is gone, nothing else"
                " was touched",
                judged=ONE,
            ),
        ),
        (
            f'op.execute("CREATE SCHEMA shop")\nop.execute("SET search_path TO shop")\n{MADE}',
            stopped(15, "def upgrade() -> None:", NO_TABLE, LEAVE, judged="3 statements judged by … rules"),
        ),
        (
            'op.execute("DROP TABLE alembic_version")',
            stopped(15, "def upgrade() -> None:", NO_TABLE, LEAVE, judged=ONE),
        ),
        (
            'op.execute("DELETE FROM alembic_version")',
            stopped(
                15,
                "def upgrade() -> None:",
                f"{UNNOTED}Python, CommandError: Online migration expected to match one row when updating '{SECOND}' to"
                f" '{THIRD}' in 'alembic_version'; 0 found",
                LEAVE,
                judged=ONE,
            ),
        ),
    ],
    ids=[
        "raises", "exits", "closes the connection", "no file", "no data", "no SQL", "role", "extension", "search_path",
        "drops alembic_version", "empties alembic_version",
    ],
)  # fmt: skip
def test_a_revision_that_stops_is_told_in_full(up: str, told: Said, review: Callable[..., Said]) -> None:
    """The line, what was said, and what to do: nobody looks into a traceback of Alembic for it."""
    assert review(up) == told


@pytest.mark.parametrize(
    ("up", "line", "code", "seen", "subject"),
    [
        ("while True:\n    pass", None, None, ROUND, "line"),
        ("import time\ntime.sleep(7777)", 17, "time.sleep(7777)", ROUND, "line"),
        ("while True:\n    try:\n        int('x')\n    except BaseException:\n        pass", None, None, ROUND, "line"),
        (
            'op.execute("SELECT pg_sleep(7777)")',
            16,
            'op.execute("SELECT pg_sleep(7777)")',
            "PostgreSQL 18.4: 57014, not answered within 2 s\nstatement: SELECT pg_sleep(7777)",
            "statement",
        ),
        (
            'op.execute("DO $$ BEGIN LOOP END LOOP; END $$")',
            16,
            'op.execute("DO $$ BEGIN LOOP END LOOP; END $$")',
            "PostgreSQL 18.4: 57014, not answered within 2 s\nstatement: DO $$ BEGIN LOOP END LOOP; END $$",
            "statement",
        ),
        (
            "other = sa.create_engine(op.get_bind().engine.url).connect()\n"
            'op.execute("LOCK TABLE entries")\nother.execute(sa.text("SELECT * FROM entries"))',
            18,
            'other.execute(sa.text("SELECT * FROM entries"))',
            "PostgreSQL 18.4: 57014, not answered within 2 s, because it waits for a lock that another connection holds"
            "\nstatement: SELECT * FROM entries",
            "statement",
        ),
    ],
    ids=["Python", "sleep", "swallows everything", "SQL", "PL/pgSQL", "its own lock"],
)
def test_a_revision_that_never_ends_is_given_up(
    up: str, line: int | None, code: str | None, seen: str, subject: str, review: Callable[..., Said]
) -> None:
    """Otherwise CI shows a job that was cancelled after an hour, and nobody knows which line it was."""
    said = review(up, timeout=2)
    told = stopped(
        line or 16, code or "", seen, LONGER.format(subject),
        judged=f"no new revision to judge; {THIRD} did not run",
    )  # fmt: skip
    if line is not None:
        assert said == told
    else:  # a loop is stopped at any of its lines
        assert said.code == 1
        assert seen in said.out
        assert f"alembic/versions/{THIRD}_things.py:" in said.out


def test_the_line_is_found_behind_an_event_loop(review: Callable[..., Said]) -> None:
    """With an asynchronous env.py the revision waits aside, in a greenlet, while the main thread asks the loop."""
    sent = 'op.execute("SELECT pg_sleep(7777)")'
    assert review(sent, timeout=2, env=ASYNCHRONOUS) == stopped(
        16,
        sent,
        "PostgreSQL 18.4: 57014, not answered within 2 s\nstatement: SELECT pg_sleep(7777)",
        LONGER.format("statement"),
        judged=f"no new revision to judge; {THIRD} did not run",
    )


def test_a_loop_that_lets_nothing_else_run_is_ended_from_outside(review: Callable[..., Said]) -> None:
    """A loop in C holds the interpreter's lock, so that no thread of that process could tell."""
    said = review("sum(range(10**15))", timeout=1)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: Stopped upgrading to {THIRD}: ")
    assert said.err.endswith(
        f"/alembic/versions/{THIRD}_things.py, line 16 does not come to an end.\n"
        "  fix: Correct the line, or give it longer: timeout in [tool.headgate], in seconds.\n"
    )


def test_many_short_statements_are_not_one_long(review: Callable[..., Said]) -> None:
    """A backfill in batches may take hours, and each of its statements a moment; also past SQLAlchemy."""
    up = (
        "import time\nsend = op.get_bind().connection.driver_connection.execute\n"
        f'for _ in range(8):\n    time.sleep(0.5)\n    send("SELECT 1")\n{MADE}'
    )
    assert review(up, timeout=2) == passed("9 statements")


def test_a_revision_that_ends_the_process_is_named(review: Callable[..., Said]) -> None:
    """No Python code runs after it, so it cannot be shown with its line."""
    assert review("import os\nos._exit(3)") == Said(
        2,
        "",
        error(
            f"The project's own code ended the process (exit code 3) upgrading to {THIRD}.",
            "Remove the exit from env.py or the revision.",
        ),
    )


def test_an_engine_of_its_own_to_another_server_is_refused(review: Callable[..., Said]) -> None:
    """A rehearsal must reach nothing but its scratch database, and must not print the password of another."""
    assert review('sa.create_engine("postgresql+psycopg://root:s3cret-word@db.example.org/shop").connect()') == Said(
        2,
        "",
        error(
            "The migration environment connects to postgresql at db.example.org/shop, not to the scratch database.",
            "Have env.py take its URL from $DATABASE_URL or from sqlalchemy.url; nothing was reached.",
        ),
    )


def test_a_transaction_that_is_left_open_stops_nobody_else(review: Callable[..., Said]) -> None:
    """Its locks would have the next step wait for ever; and what it wrote is lost, which nobody would see."""
    up = (
        "import builtins\nbuiltins.other = sa.create_engine(op.get_bind().engine.url).connect()\n"
        'builtins.other.execute(sa.text("{}"))'
    )
    assert review(up.format("INSERT INTO entries (note) VALUES ('x')"), timeout=20) == stopped(
        15,
        "def upgrade() -> None:",
        "Python, a transaction was left open on another connection: what was written in it is lost",
        CORRECT.format("file"),
        judged="5 statements judged by … rules",
    )


def test_a_transaction_that_wrote_nothing_is_let_go_with_its_locks(review: Callable[..., Said]) -> None:
    """Nothing is lost with it, and where it is deployed it ends with the process; here the next step would wait."""
    up = (
        "import builtins\nbuiltins.other = sa.create_engine(op.get_bind().engine.url).connect()\n"
        'builtins.other.execute(sa.text("LOCK TABLE entries"))'
    )
    assert review(up, timeout=20).code == 0


def test_a_million_rows_are_carried(review: Callable[..., Said]) -> None:
    """A revision that copies a large table is an ordinary one."""
    said = review(
        """op.execute("INSERT INTO entries (note) SELECT 'x' FROM generate_series(1, 1000000)")""",
        """op.execute("DELETE FROM entries WHERE note = 'x'")""",
    )
    assert (said.code, said.err) == (0, "")
