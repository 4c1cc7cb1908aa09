"""The project's own server: there when it is wanted, and as it was left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from headgate.errors import HeadgateError
from headgate.postgres import development
from headgate.postgres.development import Development
from headgate.rehearsal.orphans import ended

ENVIRONMENT = (
    "from pathlib import Path; import sys; from headgate.postgres import development as d; root = Path(sys.argv[1])"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a project."""
    project = tmp_path / "Mein Projekt ü"
    project.mkdir()
    return project


@pytest.fixture
def state(folder: Path, root: Path) -> Iterator[Path]:
    """The folder below which the servers of all projects keep their data; none is left running."""
    path = folder / "state"
    yield path
    development.stop(root, state=path)


def pid(root: Path, state: Path) -> int:
    found = development.status(root, state=state).pid
    assert found
    return found


def tables(running: Development) -> list[str]:
    with running.server.connect(development.DATABASE) as connection:
        return [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


def create_table(running: Development) -> None:
    with running.server.connect(development.DATABASE) as connection:
        connection.execute("CREATE TABLE entries (id integer)")


def test_the_server_that_a_rehearsed_process_starts_outlives_it(root: Path, state: Path) -> None:
    """An env.py asks for the URL, which starts it; what a revision leaves running ends, and this must not."""
    with ended():
        subprocess.run(
            [sys.executable, "-c", f"{ENVIRONMENT}; d.start(root, major=18, state=Path(sys.argv[2]))", root, state],
            check=True,
        )
    assert development.status(root, state=state).running


def test_starting_twice_gives_the_same_server(root: Path, state: Path) -> None:
    """Each task that needs a database starts it, and most find it running."""
    first = development.start(root, major=18, state=state)
    before = pid(root, state)
    assert development.start(root, major=18, state=state) == first
    assert pid(root, state) == before


def test_two_terminals_start_one_server(root: Path, state: Path, caller: Callable[..., Any]) -> None:
    """The second waits until the first has made the cluster, and finds it running."""
    script = f"{ENVIRONMENT}; print(d.start(root, major=18, state=Path(sys.argv[2])).url())"
    both = [caller(script, root, state) for _ in range(2)]
    urls = {one.says() for one in both}
    assert [one.ends() for one in both] == [0, 0]
    assert urls == {development.url(root, major=18, state=state)}


def test_it_survives_the_command_that_started_it(root: Path, state: Path, caller: Callable[..., Any]) -> None:
    """Also its Ctrl-C and the end of its terminal: `inv db.start` returns, and the server goes on."""
    one = caller(
        f"{ENVIRONMENT}; d.start(root, major=18, state=Path(sys.argv[2])); print(1, flush=True); input()",
        root,
        state,
    )
    assert one.says() == "1"
    before = pid(root, state)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        if one.process.poll() is None:
            one.ends(number)
    assert pid(root, state) == before


def test_it_is_durable(root: Path, state: Path) -> None:
    """What a developer has entered by hand is not to be lost with the power."""
    running = development.start(root, major=18, state=state)
    with running.server.connect(development.DATABASE) as connection:
        names = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", "listen_addresses")
        values = [connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in names]
    assert values == [("on",), ("on",), ("on",), ("on",), ("",)]


def test_stopping_keeps_the_data_and_the_url(root: Path, state: Path, gone: Callable[..., bool]) -> None:
    """A URL that was written into a database tool's settings stays true."""
    running = development.start(root, major=18, state=state)
    create_table(running)
    before = pid(root, state)
    assert development.stop(root, state=state)
    assert gone(before)
    assert not development.stop(root, state=state)
    assert development.url(root, major=18, state=state) == running.url()
    assert tables(development.start(root, major=18, state=state)) == ["entries"]


def test_a_crash_keeps_the_data(root: Path, state: Path, gone: Callable[..., bool]) -> None:
    """The file that says `ready` is still there then, and must not be believed."""
    running = development.start(root, major=18, state=state)
    create_table(running)
    before = pid(root, state)
    os.kill(before, signal.SIGKILL)
    assert gone(before)
    status = development.status(root, state=state)
    assert (status.running, status.pid, status.version) == (False, None, running.server.version)
    assert not development.stop(root, state=state)
    assert tables(development.start(root, major=18, state=state)) == ["entries"]


def test_reset_gives_an_empty_database_whoever_is_connected(root: Path, state: Path) -> None:
    """The application that is being developed is connected more often than not."""
    running = development.start(root, major=18, state=state)
    create_table(running)
    with running.server.connect(development.DATABASE):
        assert tables(development.reset(root, major=18, state=state)) == []


def test_another_major_version_is_refused_until_reset(root: Path, state: Path) -> None:
    """PostgreSQL 18 cannot read the files of 16, and the data may be wanted."""
    development.start(root, major=16, state=state)
    assert development.url(root, major=18, state=state) is None
    for _ in ("running", "stopped"):
        with pytest.raises(HeadgateError) as caught:
            development.start(root, major=18, state=state)
        assert str(caught.value) == (
            f"The development server of {root} holds data of PostgreSQL 16, and 18 is asked for.\n"
            "Set postgres = 16 in [tool.headgate], or run `inv db.reset`: an empty database of 18."
        )
        development.stop(root, state=state)
    assert development.reset(root, major=18, state=state).server.major == 18


def test_the_status_says_what_is_there(root: Path, state: Path) -> None:
    """`inv doctor` and `inv migrate.status` show it, before the first start too."""
    before = development.status(root, state=state)
    assert (before.running, before.version, before.pid, before.size) == (False, None, None, 0)
    assert development.url(root, major=18, state=state) is None
    assert not development.stop(root, state=state)
    running = development.start(root, major=18, state=state)
    after = development.status(root, state=state)
    assert (after.running, after.version, after.data) == (True, running.server.version, running.data)
    assert after.data.is_relative_to(state)
    assert after.size > 1_000_000


def test_the_url_can_be_given_to_any_env_py(root: Path, state: Path) -> None:
    """Many put it through configparser, which takes a percent sign for its own."""
    running = development.start(root, major=18, state=state)
    assert "%" not in running.url()
    assert make_url(running.url()).query["host"] == running.server.host
    assert make_url(running.url()).database == "app"


def test_projects_of_the_same_name_have_servers_of_their_own(tmp_path: Path, state: Path) -> None:
    """Two checkouts of one repository are two projects."""
    places = {development.status(tmp_path / name / "app", state=state).data for name in ("one", "two")}
    assert len(places) == 2


@pytest.mark.parametrize("name", ["plain", "mit Leer und $Ü", "x" * 120])
def test_the_state_may_have_any_name(folder: Path, root: Path, name: str) -> None:
    """A path that cannot have a socket gets a short folder for it, which goes away with the stop."""
    state = folder / name
    running = development.start(root, major=18, state=state)
    create_table(running)
    assert Path(running.server.host).is_relative_to(state) == (name == "plain")
    development.stop(root, state=state)
    assert Path(running.server.host).is_relative_to(state) or not Path(running.server.host).exists()
    assert development.start(root, major=18, state=state) == running
    assert tables(running) == ["entries"]
    development.stop(root, state=state)


def test_what_an_interrupted_first_start_left_is_made_anew(root: Path, state: Path) -> None:
    """Ctrl-C during `initdb` leaves a folder that only looks like a cluster."""
    data = development.status(root, state=state).data
    partial = data.with_name("data.partial")
    partial.mkdir(parents=True)
    (partial / "PG_VERSION").write_text("18\n", encoding="ascii")
    assert tables(development.start(root, major=18, state=state)) == []
    assert not partial.exists()


def test_a_lost_record_costs_nothing(root: Path, state: Path) -> None:
    """Ctrl-C between the start and the record: the next start finds the server and writes it."""
    running = development.start(root, major=18, state=state)
    create_table(running)
    before = pid(root, state)
    (running.data.parent / "server.json").unlink()
    assert development.start(root, major=18, state=state) == running
    assert (pid(root, state), tables(running)) == (before, ["entries"])


def test_a_server_that_does_not_start_gives_its_reason(root: Path, state: Path) -> None:
    """Settings that a developer has changed by hand, for one."""
    running = development.start(root, major=18, state=state)
    development.stop(root, state=state)
    with (running.data / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("shared_buffers = '12 parsecs'\n")
    with pytest.raises(HeadgateError) as caught:
        development.start(root, major=18, state=state)
    assert caught.value.what.startswith(f"The development server of {root} does not start: ")
    assert caught.value.fix == f"Mend what it names; its log is {running.data.parent / 'log'}."


def test_a_state_that_cannot_be_written_is_said(root: Path, folder: Path) -> None:
    """The folder is named, and the variable that chooses another."""
    state = folder / "state"
    state.write_text("in the way", encoding="utf-8")
    with pytest.raises(HeadgateError) as caught:
        development.start(root, major=18, state=state)
    assert str(caught.value) == (
        f"{state} cannot be written: File exists.\n"
        "Set HEADGATE_STATE to a folder that can be written, then run the command again."
    )
