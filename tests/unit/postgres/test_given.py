"""A server that somebody else runs: used, and left as it was."""

from __future__ import annotations

import pickle
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from headgate import redaction
from headgate.errors import HeadgateError
from headgate.postgres import scratch
from headgate.postgres.server import Server, scratch_server


@pytest.fixture(scope="module")
def other(cache: Path) -> Iterator[Server]:
    """A server that stands in for the one that a team runs, with a password and a role of its own."""
    with scratch_server(cache=cache) as server:
        with server.connect() as connection:
            connection.execute("CREATE DATABASE theirs")
            connection.execute("CREATE DATABASE headgate_notes")
            connection.execute("CREATE ROLE maker LOGIN CREATEDB PASSWORD 's%cret word'")
            connection.execute("CREATE ROLE reader LOGIN")
        yield server


@pytest.fixture
def url(other: Server) -> str:
    """The URL by which a team would name that server."""
    return other.url("theirs").replace("postgres@", "maker:s%25cret%20word@")


@pytest.fixture(autouse=True)
def forget_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test remembers as secret must not be hidden in another."""
    monkeypatch.setattr(redaction, "_secrets", set())


def contents(server: Server) -> set[str]:
    with server.connect() as connection:
        return {
            row[0] for row in connection.execute("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles")
        }


def test_scratch_databases_on_it_are_told_by_their_prefix_and_dropped(other: Server, url: str, cache: Path) -> None:
    """Also those that nobody dropped, and the frozen ones; nothing else on it changes."""
    before = contents(other)
    with scratch_server(cache=cache, url=url) as server:
        template = scratch.freeze(server, scratch.create(server))
        scratch.create(server, template=template)
        made = contents(other) - before
        assert len(made) == 2
        assert all(name.startswith(f"{server.prefix}_") for name in made)
        assert server.prefix != "headgate"
    assert contents(other) == before


def test_scratch_databases_on_it_are_dropped_after_a_failure(other: Server, url: str, cache: Path) -> None:
    """A failed review must not fill a server that others use."""
    before = contents(other)

    def fail() -> None:
        with scratch_server(cache=cache, url=url) as server:
            scratch.create(server)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert contents(other) == before


def test_it_is_reached_by_the_url_that_was_given(other: Server, url: str, cache: Path) -> None:
    """The same user, password and options, only another database and driver."""
    with scratch_server(cache=cache, url=url) as server, scratch.database(server) as made:
        assert make_url(made.url()) == make_url(url).set(database=made.name)
        assert made.url(driver="asyncpg").startswith("postgresql+asyncpg://maker:")
        assert (server.version, server.user) == (other.version, "maker")
        with pickle.loads(pickle.dumps(made)).connect() as connection:
            row = connection.execute("SELECT current_user, current_database()").fetchone()
        assert row == ("maker", made.name)


def test_the_environment_of_libpq_does_not_lead_elsewhere(
    other: Server, url: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scratch databases are made where the URL says, and rehearsed there."""
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGSERVICE", "undefined")
    with scratch_server(cache=cache, url=url) as server:
        assert (server.host, server.port) == (other.host, other.port)


def test_the_next_run_drops_what_a_killed_one_left_and_nothing_that_is_in_use(
    other: Server, url: str, cache: Path, caller: Callable[..., Any], gone: Callable[..., bool]
) -> None:
    """Nobody can clean up on another machine's server after `kill -9` but the next run."""
    before = contents(other)
    one = caller(
        """
        import sys, time
        from pathlib import Path
        from headgate.postgres import scratch
        from headgate.postgres.server import scratch_server

        with scratch_server(cache=Path(sys.argv[1]), url=sys.argv[2]) as server:
            print(scratch.freeze(server, scratch.create(server)), flush=True)
            time.sleep(600)
        """,
        cache,
        url,
    )
    left = one.says()
    with scratch_server(cache=cache, url=url):
        assert contents(other) - before == {left}
    one.ends(signal.SIGKILL)
    with other.connect() as connection:
        session = "SELECT 1 FROM pg_stat_activity WHERE application_name = %s"
        while connection.execute(session, [left.rpartition("_")[0]]).fetchone():
            pass  # The server needs a moment to notice that the client is gone.
    with scratch_server(cache=cache, url=url):
        assert contents(other) == before


def test_a_user_who_may_not_create_databases_is_told(other: Server, cache: Path) -> None:
    """The statement that an administrator has to run is in the message."""
    url = other.url("theirs").replace("postgres@", "reader@")
    with pytest.raises(HeadgateError) as caught, scratch_server(cache=cache, url=url):
        pass
    assert caught.value.what == f"The user of {url} may not create databases."
    assert caught.value.fix == 'Run `ALTER ROLE "reader" CREATEDB` there, or unset HEADGATE_POSTGRES_URL.'


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://maker:s%25cret%20word@{host}/theirs",
        "postgresql+psycopg://maker@/theirs?host={host}&password=s%25cret%20word",
        "postgresql+asyncpg://maker:s%25cret%20word@/theirs?host={host}&hostaddr=s%25cret%20word",
        "mysql://maker:s%25cret%20word@{host}/theirs",
        "postgresql://maker:s%25cret%20word@{host}:port/theirs",
    ],
)
def test_a_server_that_cannot_be_used_is_said_without_its_password(cache: Path, url: str) -> None:
    """An error report is pasted into a chat before anybody reads it to its end."""
    with pytest.raises(HeadgateError) as caught, scratch_server(cache=cache, url=url.format(host="nowhere.invalid")):
        pass
    assert "cret" not in str(caught.value)
    assert "maker" in caught.value.what
    assert "HEADGATE_POSTGRES_URL" in caught.value.fix
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("url", ["mysql://maker@host/theirs", "maker@host", "postgresql://maker@host:port/theirs"])
def test_how_to_write_the_url_is_not_taken_for_a_password(cache: Path, url: str) -> None:
    """What is printed goes through the redaction, which hides all that stands where a password does."""
    with pytest.raises(HeadgateError) as caught, scratch_server(cache=cache, url=url):
        pass
    assert caught.value.what == f"{url} is not the URL of a PostgreSQL server."
    assert redaction.redacted(caught.value.fix) == caught.value.fix
    assert "postgresql://user@host:5432/database" in caught.value.fix
