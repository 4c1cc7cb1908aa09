"""`headgate.rehearsal.watchdog`: a move in which nothing happens any more is given up, and one that goes on is not."""

from __future__ import annotations

import runpy
import time
from pathlib import Path
from textwrap import dedent

import pytest

from headgate.postgres.scratch import Database
from headgate.rehearsal.child import Line, call
from headgate.rehearsal.isolation import connect
from headgate.rehearsal.model import Failure, Move
from headgate.rehearsal.watchdog import Watchdog
from tests.projects import FIRST, SECOND

MOVE = Move("up", (FIRST, SECOND))
ENDED = "the move ended"
_GIVE_UP_SECONDS = 30
_OTHERS = """
SELECT query FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
CONNECT = "import psycopg\n\nconnection = psycopg.connect(url, autocommit=True)"


def _run(line: Line, url: str, project: Path, files: tuple[Path, ...], seconds: int, pause: float) -> object:
    watchdog = Watchdog(seconds, line, url, project, lambda move, failure: (move, failure))
    for file in files:
        with watchdog.watching(MOVE, lambda: SECOND):
            runpy.run_path(str(file), {"url": url.replace("+psycopg", "")})
        time.sleep(pause)
    return ENDED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project's, in which nothing is but what a test writes."""
    made = tmp_path / "project"
    made.mkdir()
    return made


def _watched(
    database: Database, folder: Path, *sources: str, project: Path | None = None, seconds: int = 1, pause: float = 0.0
) -> object:
    """Run texts as the code of a project, each in a move of its own."""
    files = tuple(folder / f"part_{number}.py" for number, _ in enumerate(sources))
    for file, source in zip(files, sources, strict=True):
        file.write_text(dedent(source).strip() + "\n")
    return call(_run, database.url(), project or folder, files, seconds, pause)


def _given_up(database: Database, folder: Path, *sources: str, project: Path | None = None) -> Failure:
    answer = _watched(database, folder, *sources, project=project)
    assert isinstance(answer, tuple)
    move, failure = answer
    assert move == MOVE
    assert isinstance(failure, Failure)
    assert failure.gave_up
    assert failure.revision == SECOND
    return failure


def test_a_statement_that_is_not_answered_is_told_with_its_line(database: Database, folder: Path) -> None:
    """With the code that the server would give for a statement_timeout, which is the limit to set."""
    failure = _given_up(database, folder, f"{CONNECT}\n\nconnection.execute(' SELECT pg_sleep(7777) ')")

    assert failure.error == "not answered within 1 s"
    assert (failure.sqlstate, failure.statement) == ("57014", "SELECT pg_sleep(7777)")
    assert (failure.path, failure.line) == (str(folder / "part_0.py"), 5)


def test_the_statement_does_not_go_on_at_the_server(database: Database, folder: Path) -> None:
    """Its locks would hinder whoever uses the database next; a backend does not notice that its client is gone."""
    _given_up(database, folder, f"{CONNECT}\nconnection.execute('SELECT pg_sleep(7777)')")

    with connect(database.url()) as own:
        waits_until = time.monotonic() + _GIVE_UP_SECONDS
        while (left := own.execute(_OTHERS).fetchall()) and time.monotonic() < waits_until:
            time.sleep(0.05)  # what is told to end takes a moment
    assert left == []


def test_what_the_move_makes_of_that_is_no_answer(database: Database, folder: Path) -> None:
    """It gets an error of the server when its session is ended, and could be done with it before the reason is told."""
    swallows = f"""
    {CONNECT.splitlines()[0]}

    try:
        psycopg.connect(url).execute("SELECT pg_sleep(7777)")
    except psycopg.Error:
        pass
    """
    assert _given_up(database, folder, swallows).statement == "SELECT pg_sleep(7777)"


def test_a_statement_that_waits_for_a_lock_is_told_so(database: Database, folder: Path) -> None:
    """It is not slow: somebody must let go, and often it is a second connection of the revision's own."""
    failure = _given_up(
        database,
        folder,
        f"""
        {CONNECT.splitlines()[0]}

        holder, waiter = psycopg.connect(url), psycopg.connect(url)
        holder.execute("CREATE TABLE t ()")
        holder.commit()
        holder.execute("LOCK TABLE t")
        waiter.execute("SELECT FROM t")
        """,
    )

    assert failure.error == "not answered within 1 s, because it waits for a lock that another connection holds"
    assert (failure.statement, failure.line) == ("SELECT FROM t", 7)


def test_python_that_goes_round_is_told_without_a_statement(database: Database, folder: Path) -> None:
    """The last statement was answered long ago, and is not to blame."""
    failure = _given_up(database, folder, f"{CONNECT}\nconnection.execute('SELECT 1')\nwhile True:\n    pass")

    assert failure.error == "no statement was sent for 1 s: it goes round for ever, or takes too long"
    assert (failure.sqlstate, failure.statement) == (None, None)
    assert failure.path == str(folder / "part_0.py")
    assert failure.line in {5, 6}


def test_the_line_is_the_projects_and_no_librarys(database: Database, folder: Path) -> None:
    """Neither what Python ships nor what is installed, also where the environment stands in the project's folder."""
    installed = folder / "site-packages"
    installed.mkdir()
    (installed / "waits.py").write_text("import queue\n\n\ndef wait():\n    queue.Queue().get()\n")

    failure = _given_up(
        database, folder, f"import sys\n\nsys.path.append({str(installed)!r})\nimport waits\n\nwaits.wait()"
    )

    assert (failure.path, failure.line) == (str(folder / "part_0.py"), 6)


def test_no_line_is_told_where_none_is_the_projects(database: Database, folder: Path, tmp_path: Path) -> None:
    """To be sent into a library would be worse than to be sent nowhere."""
    failure = _given_up(database, folder, "while True:\n    pass", project=tmp_path / "other")

    assert (failure.path, failure.line) == (None, None)


def test_a_move_that_goes_on_is_not_given_up(database: Database, folder: Path) -> None:
    """The limit is for one statement: of many quick ones a backfill may send as many as it needs."""
    answer = _watched(
        database, folder, f"{CONNECT}\nfor _ in range(12):\n    connection.execute('SELECT pg_sleep(0.5)')", seconds=4
    )

    assert answer == ENDED


def test_nothing_is_given_up_between_two_moves(database: Database, folder: Path) -> None:
    """What headgate does there, as filling tables, takes as long as it takes."""
    assert _watched(database, folder, "pass", "pass", seconds=1, pause=2.5) == ENDED


def test_the_second_move_is_watched_like_the_first(database: Database, folder: Path) -> None:
    """One thread watches them all."""
    failure = _given_up(database, folder, "pass", f"{CONNECT}\nconnection.execute('SELECT pg_sleep(7777)')")

    assert (failure.path, failure.statement) == (str(folder / "part_1.py"), "SELECT pg_sleep(7777)")


def test_a_database_that_cannot_be_asked_stops_no_watching(database: Database, folder: Path) -> None:
    """The revision may have renamed or closed it; then the time alone counts."""
    shut = f"""
    {CONNECT.splitlines()[0]}
    from urllib.parse import urlsplit

    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, dbname="postgres", autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{{name}}" WITH ALLOW_CONNECTIONS false')
    while True:
        pass
    """
    assert _given_up(database, folder, shut).error.startswith("no statement was sent for 1 s")
