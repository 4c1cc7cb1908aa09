"""A password, however it was given, is never printed: by no task, and not by plain Alembic on the reference backend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.functional.conftest import Said, Terminal, error
from tests.projects import Made, make_project

SECRET = "s3cr@t/w0rd"
ENCODED = "s3cr%40t%2Fw0rd"
SPELLINGS = {
    "encoded": f"postgresql+psycopg://me:{ENCODED}@127.0.0.1:1/app",
    "as it is": "postgresql+psycopg://me:s3cr@t-w0rd@127.0.0.1:1/app",
    "awkward": "postgresql+psycopg://me:s3cr%20+%25%27%22%C3%BCw0rd@127.0.0.1:1/app",
    "query": f"postgresql+psycopg://me@127.0.0.1:1/app?password={ENCODED}",
    "query as it is": "postgresql+psycopg://me@127.0.0.1:1/app?password=s3cr@t-w0rd",
    "passfile": "postgresql+psycopg://me@127.0.0.1:1/app",
    "passfile in the URL": "postgresql+psycopg://me@127.0.0.1:1/app?passfile={passfile}",
    "PGPASSWORD": "postgresql+psycopg://me@127.0.0.1:1/app",
    "no such driver": f"postgresql+nothing://me:{ENCODED}@127.0.0.1:1/app",
    "no such option": f"postgresql+psycopg://me:{ENCODED}@127.0.0.1:1/app?nothing=1",
    "no port": f"postgresql+psycopg://me:{ENCODED}@127.0.0.1:port/app",
    "no URL": "me:s3cr@t-w0rd@127.0.0.1",
    "connection string": "host=127.0.0.1 port=1 user=me password=s3cr@t-w0rd",
}
PIECES = ("s3cr", "w0rd")


@dataclass(frozen=True)
class Case:
    """A project, and the environment in which the password is spelt in one of the ways."""

    made: Made
    url: str
    more: dict[str, str]


@pytest.fixture(params=SPELLINGS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """Each spelling in turn."""
    passfile = tmp_path / "pass"
    passfile.write_text(f"127.0.0.1:1:*:me:{SECRET}\n")
    passfile.chmod(0o600)
    url = SPELLINGS[request.param].format(passfile=passfile)
    more = {"passfile": {"PGPASSFILE": str(passfile)}, "PGPASSWORD": {"PGPASSWORD": SECRET}}.get(request.param, {})
    return Case(make_project(tmp_path / "project"), url, more)


def assert_hidden(said: Said) -> None:
    assert [piece for piece in PIECES if piece in said.out + said.err] == []


def test_no_task_prints_a_password(case: Case, terminal: Terminal) -> None:
    """Its output goes into CI logs, which are read by more people than may know the password."""
    for task, code in (("migrate.up", 2), ("db.url", 0)):
        said = terminal.type(case.made.root, task, DATABASE_URL=case.url, **case.more)
        assert_hidden(said)
        assert said.code == code


def test_no_error_about_a_given_server_prints_a_password(case: Case, terminal: Terminal) -> None:
    """The URL is shown, so that one sees which server was meant."""
    said = terminal.type(case.made.root, "gate", HEADGATE_POSTGRES_URL=case.url, **case.more)
    assert_hidden(said)
    assert (said.code, said.err.count("\n")) == (2, 2)


def test_plain_alembic_prints_no_password(case: Case, terminal: Terminal) -> None:
    """A deployment calls `alembic upgrade head`, with or without headgate's tasks."""
    said = terminal.type(ROOT / "backend", "upgrade", "head", module="alembic", DATABASE_URL=case.url, **case.more)
    assert_hidden(said)
    assert said.code != 0


@pytest.mark.parametrize(
    "words",
    [
        ["migrate.status", "--json"],
        ["migrate.down"],
        ["migrate.new", "-m", "add size"],
        ["setup"],
        ["doctor", "--json"],
    ],
    ids=lambda words: words[0],
)
def test_a_password_in_the_ini_file_is_hidden_too(words: list[str], terminal: Terminal, tmp_path: Path) -> None:
    """There a percent sign is doubled, which makes one more spelling."""
    made = make_project(tmp_path)
    url = SPELLINGS["encoded"].replace("%", "%%")
    made.ini.write_text(f"{made.ini.read_text()}sqlalchemy.url = {url}\n")
    assert_hidden(terminal.type(made.root, *words, DATABASE_URL=SPELLINGS["encoded"]))


def test_what_is_wrong_with_the_address_stays_readable(terminal: Terminal, tmp_path: Path) -> None:
    """Only the password goes: the host, the port and the reason are what the reader needs."""
    made = make_project(tmp_path)
    assert terminal.type(made.root, "gate", HEADGATE_POSTGRES_URL=SPELLINGS["encoded"]).err.startswith(
        "error: The server postgresql+psycopg://me:***@127.0.0.1:1/app cannot be used: connection failed:"
        ' connection to server at "127.0.0.1", port 1 failed: Connection refused'
    )
    assert terminal.type(made.root, "migrate.up", DATABASE_URL=SPELLINGS["query"]).err == error(
        f"The database that {made.env} names cannot be reached: connection failed: connection to server at"
        ' "127.0.0.1", port 1 failed: Connection refused.',
        "Start the server or correct the URL; nothing was changed.",
    )
    assert terminal.type(ROOT / "backend", "current", module="alembic", DATABASE_URL=SPELLINGS["query"]) == Said(
        255,
        "FAILED: The database postgresql+psycopg://me@127.0.0.1:1/app?password=*** cannot be reached: connection"
        ' failed: connection to server at "127.0.0.1", port 1 failed: Connection refused.\n'
        "Start the server or correct the URL; nothing was changed.\n",
        "ERROR [alembic.util.messaging] The database postgresql+psycopg://me@127.0.0.1:1/app?password=*** cannot be"
        ' reached: connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused.\n'
        "Start the server or correct the URL; nothing was changed.\n",
    )
