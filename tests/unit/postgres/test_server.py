"""Scratch servers: how they run, how they are reached, and what is said when one cannot be had."""

from __future__ import annotations

import os
import pickle
import resource
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from headgate.errors import HeadgateError
from headgate.postgres import server as module
from headgate.postgres.account import service_account
from headgate.postgres.server import Server, scratch_server


def value_of(server: Server, setting: str) -> str:
    with server.connect() as connection:
        row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
    assert row
    return str(row[0])


def test_the_version_asked_for_is_the_one_that_runs(each_server: Server) -> None:
    """The gate judges by what one major version does; another one locks and rewrites differently."""
    assert value_of(each_server, "server_version") == each_server.version
    assert each_server.major in {16, 18}


def test_a_database_sorts_and_folds_the_same_everywhere(each_server: Server) -> None:
    """The locale of the developer's shell must not decide whether an index or a comparison holds."""
    with each_server.connect() as connection:
        row = connection.execute(
            "SELECT lower('ÄÖ'), 'a' < 'B' COLLATE \"default\", now()::text LIKE '%+00'"
        ).fetchone()
    assert row == ("äö", False, True)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("fsync", "off"), ("autovacuum", "off"), ("wal_level", "minimal"), ("listen_addresses", ""), ("jit", "off")],
)
def test_the_server_is_tuned_for_scratch_work(server: Server, setting: str, value: str) -> None:
    """Nothing on it needs to survive, nobody else may reach it, and no vacuum may disturb the counters."""
    assert value_of(server, setting) == value


def test_nobody_else_can_reach_the_server(server: Server) -> None:
    """It trusts whoever connects, so its folder is closed to all but its owner."""
    status = Path(server.host).stat()
    assert status.st_mode & 0o777 == 0o700


def test_it_does_not_run_as_root(server: Server) -> None:
    """PostgreSQL refuses root, which is what a container often is."""
    account = service_account()
    owner = Path(server.host, "data", "postmaster.pid").stat().st_uid
    assert owner == (account.uid if account else os.geteuid())
    assert owner != 0


def test_the_url_leads_sqlalchemy_to_the_server(server: Server) -> None:
    """The socket's folder stands in the query; no percent sign does, on which an env.py with configparser fails."""
    assert "%" not in server.url()
    assert make_url(server.url()).query["host"] == server.host
    with create_engine(server.url(), poolclass=NullPool).connect() as connection:
        assert connection.execute(text("SHOW unix_socket_directories")).scalar() == server.host


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_the_url_is_right_for_each_driver(server: Server, driver: str) -> None:
    """A project's env.py may use any of them; each takes the folder as its `host`.

    The database's name is a plain one, as all of ours are: SQLAlchemy before 2.1 does not decode another.
    """
    url = make_url(server.url("app", driver=driver))
    _, options = url.get_dialect()().create_connect_args(url)
    assert url.drivername == f"postgresql+{driver}"
    assert (options["host"], int(options["port"]), options["user"]) == (server.host, server.port, "postgres")
    assert options.get("database", options.get("dbname")) == "app"


def test_the_url_without_a_driver_is_for_psql(server: Server) -> None:
    """A developer pastes it after `psql`."""
    import psycopg

    with psycopg.connect(server.url(driver="")) as connection:
        assert connection.info.host == server.host


def test_the_environment_of_libpq_does_not_lead_elsewhere(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """PGHOSTADDR beats `host`: with it set for a real server, scratch databases would be made there."""
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=elsewhere")
    assert value_of(server, "search_path") == '"$user", public'


def test_a_service_of_libpq_does_not_lead_elsewhere(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A service may name a `hostaddr`, and one that is not defined stops libpq; the caller's own is left as it is."""
    services = tmp_path / "services"
    services.write_text("[production]\nhostaddr=192.0.2.1\nconnect_timeout=2\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    for name in ("production", "undefined"):
        monkeypatch.setenv("PGSERVICE", name)
        assert value_of(server, "port") == str(server.port)
        assert os.environ["PGSERVICE"] == name


def test_a_server_crosses_a_process_boundary(server: Server) -> None:
    """Rehearsals run in processes of their own, which are told where the server is."""
    assert pickle.loads(pickle.dumps(server)) == server


def test_two_at_once_do_not_disturb_each_other(cache: Path) -> None:
    """Two terminals, or a push hook during a review."""
    with scratch_server(cache=cache) as first:
        with scratch_server(cache=cache) as second, second.connect() as connection:
            connection.execute("CREATE DATABASE only_here")
        with first.connect() as connection:
            assert connection.execute("SELECT FROM pg_database WHERE datname = 'only_here'").rowcount == 0


def test_two_first_runs_at_once_share_one_prepared_cluster(caller: Callable[..., Any], folder: Path) -> None:
    """The second waits for the first one's `initdb`, then copies."""
    script = """
        import sys
        from pathlib import Path
        from headgate.postgres.server import scratch_server

        with scratch_server(cache=Path(sys.argv[1])) as server, server.connect() as connection:
            print(connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()[0], flush=True)
    """
    both = [caller(script, folder / "cache") for _ in range(2)]
    identifiers = {one.says() for one in both}
    assert [one.ends() for one in both] == [0, 0]
    assert len(identifiers) == 1
    assert identifiers != {""}


@pytest.mark.parametrize("name", ["mit Leerzeichen", "Übung", "日本語", "$HOME 'x' \"y\"", "a,b"])
def test_a_cache_may_have_any_name(folder: Path, name: str) -> None:
    """Home folders have spaces and letters of every alphabet."""
    with scratch_server(cache=folder / name) as server:
        assert value_of(server, "fsync") == "off"


@pytest.mark.parametrize("name", ["plain", "mit Leer", "Übung", "a,b", "x" * 120])
def test_a_temporary_folder_may_have_any_name(
    cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A socket's path has at most 107 bytes, and stands in a URL: where it cannot, the system's own folder serves."""
    chosen = folder / name
    chosen.mkdir()
    chosen.chmod(0o777)
    monkeypatch.setenv("TMPDIR", str(chosen))
    monkeypatch.setattr("tempfile.tempdir", None)
    with scratch_server(cache=cache) as server:
        assert Path(server.host).parent == (chosen if name == "plain" else Path("/tmp"))
        with create_engine(server.url(), poolclass=NullPool).connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1


def test_a_file_in_place_of_the_cache_is_said(tmp_path: Path) -> None:
    """The folder is named, and the variable that chooses another."""
    cache = tmp_path / "cache"
    cache.write_text("in the way", encoding="utf-8")
    with pytest.raises(HeadgateError) as caught, scratch_server(cache=cache):
        pass
    assert str(caught.value) == (
        f"{cache} cannot be written: File exists.\n"
        "Set HEADGATE_CACHE to a folder that can be written, then run the command again."
    )


def test_a_cache_that_cannot_be_made_is_said() -> None:
    """Not even root can make a folder there, which stands for a read-only file system."""
    cache = Path("/dev/null/cache") if sys.platform == "darwin" else Path("/proc/self/cache")
    with pytest.raises(HeadgateError) as caught, scratch_server(cache=cache):
        pass
    assert caught.value.what.startswith(f"{cache} cannot be written: ")
    assert caught.value.fix == "Set HEADGATE_CACHE to a folder that can be written, then run the command again."


def test_a_temporary_folder_that_cannot_be_written_is_said(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python looks through /tmp and the like, and gives up; so do we, in two lines."""
    monkeypatch.setattr("tempfile.tempdir", "/proc" if sys.platform == "linux" else "/dev")
    monkeypatch.setenv("TMPDIR", "/proc")
    with pytest.raises(HeadgateError) as caught, scratch_server(cache=cache):
        pass
    assert "cannot be written: " in caught.value.what
    assert caught.value.fix == "Set TMPDIR to a folder that can be written, then run the command again."


def test_initdb_that_cannot_write_is_said(tmp_path: Path, folder: Path) -> None:
    """A limit on the size of files stops the real `initdb` half-way, as a full disk does; nothing is left of it."""
    script = """
        import sys
        from pathlib import Path
        from headgate.errors import HeadgateError
        from headgate.postgres.server import scratch_server

        try:
            with scratch_server(cache=Path(sys.argv[1])):
                pass
        except HeadgateError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), tmp_path],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    what, fix = done.stdout.splitlines()
    assert what.startswith("initdb of PostgreSQL 18.")
    assert f" failed in {folder}: " in what
    assert fix == "Mend what it names; for want of space, set TMPDIR to a folder on another disk."
    assert list(folder.iterdir()) == []


def test_a_server_that_refuses_to_start_gives_its_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log goes away with the folder, so its last word is in the error."""
    monkeypatch.setattr(module, "_SETTINGS", {**module._SETTINGS, "shared_buffers": "12 parsecs"})
    with pytest.raises(HeadgateError) as caught, scratch_server(cache=folder):
        pass
    assert 'invalid value for parameter "shared_buffers": "12 parsecs"' in caught.value.what
    assert caught.value.fix.startswith("Mend what it names, or set HEADGATE_POSTGRES_URL")


def test_importing_the_driver_imports_no_database_library() -> None:
    """`inv --list` and the hooks at commit read settings only; psycopg alone would take 0.2 s."""
    code = "import sys, headgate.postgres.server, headgate.postgres.development as d; print('psycopg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
