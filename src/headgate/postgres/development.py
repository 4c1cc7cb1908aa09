"""The project's own server: durable, on a unix socket only, running until it is stopped. Its database is `app`.

Each project has one folder below the state folder, named by the path of the project's root:

- `data/`, the cluster; `initdb` fills another folder, and only a complete one gets this name
- `server.json`, the root, the version and the socket's folder, written once everything stands
- `log`, since the last start

As root, all that belongs to the account that the server runs as, below `/var/lib/headgate` when that account cannot
reach the state folder.

https://www.postgresql.org/docs/current/app-pg-ctl.html
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.postgres import binaries as programs
from headgate.postgres.account import identity
from headgate.postgres.cluster import initdb
from headgate.postgres.folders import locked, make_folder, writing
from headgate.postgres.kept import environment, last_words
from headgate.postgres.place import SETTINGS, Place, Record, find_place, is_owned, own_folder
from headgate.postgres.server import Server
from headgate.postgres.temporary import PORT, socket_fits

__all__ = ["DATABASE", "Development", "Status", "reset", "start", "status", "stop", "url"]

DATABASE = "app"


@dataclass(frozen=True)
class Development:
    """A project's running server.

    Args:
        server: where it is.
        data: its data directory.
    """

    server: Server
    data: Path

    def url(self, *, driver: str = "psycopg") -> str:
        """Give the SQLAlchemy URL of its database; `driver` as in `Server.url`."""
        return self.server.url(DATABASE, driver=driver)


@dataclass(frozen=True)
class Status:
    """What is known of a project's server, running or not.

    Args:
        running: whether it accepts connections.
        version: of the server, e.g. `18.4`; `None` when the project has none yet.
        pid: of the running server.
        data: its data directory, there or not.
        size: of the data directory, in bytes.
    """

    running: bool
    version: str | None
    pid: int | None
    data: Path
    size: int


def start(root: Path, *, major: int, state: Path) -> Development:
    """Start the project's server, with its database; quick when it is running already.

    Args:
        root: the project's root.
        major: the version of PostgreSQL.
        state: the folder below which the servers of all projects keep their data.

    Raises:
        HeadgateError: the data is of another major version, a folder cannot be written, or the server does not start.
    """
    place = find_place(root, state)
    if (record := place.record()) and place.running():
        _check_major(place, major)
        return Development(record.server, place.data)
    with _exclusively(place, state):
        return _start(place, major, state)


def stop(root: Path, *, state: Path) -> bool:
    """Stop the project's server, cutting off who is connected.

    Returns:
        Whether it was running.

    Raises:
        HeadgateError: it cannot be stopped.
    """
    place = find_place(root, state)
    if not place.data.exists():
        return False
    with _exclusively(place, state):
        return _stop(place, state)


def reset(root: Path, *, major: int, state: Path) -> Development:
    """Give the project an empty database, whoever is connected to the one it had; the arguments are those of `start`.

    Raises:
        HeadgateError: as for `start`, but data of another major version is removed.
    """
    from headgate.postgres.scratch import drop

    place = find_place(root, state)
    with _exclusively(place, state):
        if place.major() not in {None, major}:
            _stop(place, state)
            shutil.rmtree(place.data)
        development = _start(place, major, state)
        drop(development.server, DATABASE)
        _create_database(development.server)
    return development


def url(root: Path, *, major: int, state: Path) -> str | None:
    """Give the URL of the project's database without starting the server.

    Returns:
        The URL; `None` when the project has no server of that major version.
    """
    place = find_place(root, state)
    record = place.record()
    if record is None or place.major() != major:
        return None
    return Development(record.server, place.data).url()


def status(root: Path, *, state: Path) -> Status:
    """Say whether the project's server is running, what it is and what it takes."""
    place = find_place(root, state)
    running = place.running()
    record = place.record()
    return Status(
        running=running is not None,
        version=record.version if record else None,
        pid=running[0] if running else None,
        data=place.data,
        size=sum(entry.lstat().st_size for entry in place.data.rglob("*") if entry.is_file()),
    )


@contextmanager
def _exclusively(place: Place, state: Path) -> Iterator[None]:
    """Keep a second terminal from starting, stopping or resetting the same server meanwhile."""
    with writing(state, "HEADGATE_STATE"):
        make_folder(place.home.parent, place.account)
        with locked(place.home.with_name(f"{place.home.name}.lock")):
            yield


def _start(place: Place, major: int, state: Path) -> Development:
    _check_major(place, major)
    binaries = programs.within_reach(programs.find(major), place.account, state)
    if place.major() is None:
        _make_cluster(place, binaries)
    running = place.running()
    host = running[1] if running else _launch(place, binaries)
    record = Record(os.fspath(place.root), binaries.version, os.fspath(host))
    _create_database(record.server)
    place.remember(record)
    return Development(record.server, place.data)


def _check_major(place: Place, major: int) -> None:
    if (found := place.major()) not in {None, major}:
        raise HeadgateError(
            f"The development server of {place.root} holds data of PostgreSQL {found}, and {major} is asked for.",
            f"Set postgres = {found} in [tool.headgate], or run `inv db.reset`: an empty database of {major}.",
        )


def _make_cluster(place: Place, binaries: programs.Binaries) -> None:
    own_folder(place.home, place.account)
    partial = place.home / "data.partial"
    if partial.exists():
        shutil.rmtree(partial)
    initdb(binaries, partial, lambda argv: _run(place, argv), variable="HEADGATE_STATE")
    settings = partial / "postgresql.conf"
    place.write(settings, f"{settings.read_text(encoding='utf-8')}\ninclude '{SETTINGS}'\n")
    partial.rename(place.data)


def _launch(place: Place, binaries: programs.Binaries) -> Path:
    host = _socket_folder(place)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": os.fspath(host),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
    }
    place.write(place.data / SETTINGS, "".join(f"{name} = '{value}'\n" for name, value in settings.items()))
    log = place.home / "log"
    log.unlink(missing_ok=True)
    # Relative paths: pg_ctl hands them to a shell.
    code, said = _pg_ctl(place, binaries, "start", "--wait", "--log", "log")
    if code:
        if log.exists():
            said = log.read_text(encoding="utf-8", errors="replace")
        raise HeadgateError(
            f"The development server of {place.root} does not start: {last_words(said)}",
            f"Mend what it names; its log is {log}.",
        )
    return host


def _socket_folder(place: Place) -> Path:
    """The same folder at each start as far as that can be, so that a URL that was written down stays true."""
    if socket_fits(place.home):
        return place.home
    record = place.record()
    host = Path(record.host) if record else None
    if host is None or (host.exists() and not is_owned(host, place.account)):
        # The system's own folder: that of TMPDIR may be as long as the one that did not do.
        host = Path(tempfile.mkdtemp(prefix="headgate-", dir="/tmp"))
    own_folder(host, place.account)
    return host


def _stop(place: Place, state: Path) -> bool:
    major = place.major()
    if major is None or not (place.data / "postmaster.pid").exists():
        return False
    binaries = programs.within_reach(programs.find(major), place.account, state)
    running = place.running() is not None
    code, said = _pg_ctl(place, binaries, "stop", "--wait", "--mode", "fast")
    # It fails when the server is not running either: the file is then what a crash left.
    if code and _pg_ctl(place, binaries, "status")[0] == 0:
        raise HeadgateError(
            f"The development server of {place.root} does not stop: {last_words(said)}",
            f"See its log, {place.home / 'log'}, or stop it by hand.",
        )
    if (record := place.record()) and Path(record.host) != place.home:
        with suppress(OSError):
            Path(record.host).rmdir()
    return running


def _pg_ctl(place: Place, binaries: programs.Binaries, *words: str) -> tuple[int, str]:
    return _run(place, [os.fspath(binaries.bin / "pg_ctl"), *words, "--pgdata", "data"])


def _run(place: Place, argv: Sequence[str]) -> tuple[int, str]:
    done = subprocess.run(
        argv,
        cwd=place.home,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
        start_new_session=True,  # Ctrl-C in the terminal that started it is not meant for the server.
        **identity(place.account),
    )
    return done.returncode, done.stderr


def _create_database(server: Server) -> None:
    from psycopg.sql import SQL, Identifier

    with server.connect() as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(DATABASE)))
