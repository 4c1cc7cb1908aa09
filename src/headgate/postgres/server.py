"""Scratch servers: started in less than a tenth of a second, gone when the block or the process ends.

Measured on Linux with 2 cores, PostgreSQL 18.4, medians in milliseconds, in memory (`/dev/shm`) and on ext4 that is
fresh or worn by hundreds of clones:

| | memory | fresh ext4 | worn ext4 |
|---|---|---|---|
| `initdb`, once for each build of PostgreSQL | 355 | | |
| copy of the prepared cluster and start | 70 | 126 | 608 |
| a clone | 11 | 30 | 214 |
| stop and removal | 28 | 34 | 41 |
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from headgate.errors import HeadgateError
from headgate.postgres import binaries as programs
from headgate.postgres.account import Account, service_account
from headgate.postgres.cluster import SUPERUSER, copy_cluster, forget_cluster
from headgate.postgres.folders import writing
from headgate.postgres.kept import Kept, ServerStartError
from headgate.postgres.temporary import PORT

if TYPE_CHECKING:
    import psycopg

__all__ = ["Server", "forget_detours", "scratch_server", "without_detours"]

# Nothing here outlives the server, so nothing need survive a crash of the machine:
# https://www.postgresql.org/docs/current/non-durability.html
_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",
    # The gate reads counters of scans and rewrites, which a vacuum in the background would disturb.
    "autovacuum": "off",
    "jit": "off",
    # A parallel worker's reads are not in the counters of the session that it works for.
    "max_parallel_maintenance_workers": "0",
    "max_parallel_workers": "0",
    "shared_buffers": "64MB",
    "max_connections": "100",
    # One transaction may touch every table of a schema.
    "max_locks_per_transaction": "512",
    # A container's /dev/shm is small, and what is left in it after a kill would stay.
    "dynamic_shared_memory_type": "mmap",
    "huge_pages": "off",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
}

# libpq lets these decide where to connect, whatever host it is given (a service may name a `hostaddr`):
# https://www.postgresql.org/docs/current/libpq-envars.html
_DETOURS = ("PGHOSTADDR", "PGSERVICE")


@dataclass(frozen=True)
class Server:
    """A running server. It may be pickled, for a child process that connects to it.

    Args:
        host: the folder of its unix socket, or a host name.
        port: its port; part of the socket's name too.
        version: as the server says it, e.g. `18.4`.
        user: whom to connect as.
        prefix: what the names of scratch databases on it begin with.
        maintenance: the database to be in while another is made or dropped.
    """

    host: str
    port: int
    version: str
    user: str = SUPERUSER
    prefix: str = "headgate"
    maintenance: str = "postgres"

    @property
    def major(self) -> int:
        """The major version, e.g. 18."""
        return int(self.version.partition(".")[0])

    def url(self, database: str | None = None, *, driver: str = "psycopg") -> str:
        """Give the SQLAlchemy URL of a database: https://docs.sqlalchemy.org/en/21/core/engines.html#database-urls.

        Args:
            database: its name; `None` for the maintenance database.
            driver: `psycopg`, `psycopg2` or `asyncpg`; empty for the URL that libpq and psql take.
        """
        dialect = f"postgresql+{driver}" if driver else "postgresql"
        name = quote(database or self.maintenance, safe="")
        # `socket_fits` has seen to it that the folder needs no quoting.
        return f"{dialect}://{quote(self.user, safe='')}@/{name}?host={self.host}&port={self.port}"

    def connect(self, database: str | None = None, autocommit: bool = True) -> psycopg.Connection:
        """Connect to a database; `None` stands for the maintenance database."""
        import psycopg

        with without_detours():
            return psycopg.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                dbname=database or self.maintenance,
                autocommit=autocommit,
                options="",  # PGOPTIONS would bring other settings
            )


def forget_detours() -> None:
    """Take what would lead libpq elsewhere out of this process's environment."""
    for name in _DETOURS:
        os.environ.pop(name, None)


@contextmanager
def without_detours() -> Iterator[None]:
    """Hide what would lead libpq elsewhere for the length of a block, from which a connection is opened."""
    hidden = {name: os.environ[name] for name in _DETOURS if name in os.environ}
    forget_detours()
    try:
        yield
    finally:
        os.environ.update(hidden)


@contextmanager
def scratch_server(
    *, major: int = 18, cache: Path, url: str | None = None, extensions: Collection[str] = ()
) -> Iterator[Server]:
    """Start a server for the length of a block; or, given a URL, use that one and leave it as it was.

    Args:
        major: the version of PostgreSQL. A given server has the version that it has.
        cache: the folder that keeps prepared clusters between runs.
        url: the SQLAlchemy URL of a server whose user may create databases.
        extensions: what the revisions ask for; a server that has them is preferred.

    Raises:
        HeadgateError: there is no such PostgreSQL, a folder cannot be written, or the server does not start.
    """
    if url is not None:
        from headgate.postgres.given import given_server

        with given_server(url) as server:
            yield server
        return
    account = service_account()
    with writing(cache, "HEADGATE_CACHE"):
        binaries = programs.within_reach(programs.find(major, extensions, cache), account, cache)
    with serve(binaries, account, cache) as kept:
        yield Server(host=os.fspath(kept.path), port=PORT, version=binaries.version)


@contextmanager
def serve(binaries: programs.Binaries, account: Account | None, cache: Path) -> Iterator[Kept]:
    """Start a server on a copy of the prepared cluster for the length of a block.

    Args:
        binaries: the build of PostgreSQL.
        account: who runs it; `None` for the caller.
        cache: the folder that keeps prepared clusters between runs.
    """
    try:
        kept = _on_a_copy(binaries, account, cache)
    except ServerStartError:
        # The prepared cluster may be damaged in a way that its size does not show. A new one settles it.
        with suppress(HeadgateError):
            forget_cluster(binaries, cache)
        kept = _on_a_copy(binaries, account, cache)
    with kept:
        yield kept


def start(kept: Kept, binaries: programs.Binaries) -> None:
    """Start a server in a kept folder whose `data` is in place.

    Raises:
        ServerStartError: its log says why.
    """
    kept.hand_over()
    settings = {**_SETTINGS, "unix_socket_directories": os.fspath(kept.path), "port": str(PORT)}
    if binaries.major >= 18:
        settings["io_method"] = "sync"  # The default starts three processes more.
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    kept.start([os.fspath(binaries.bin / "postgres"), "-D", os.fspath(kept.path / "data"), *options])


def _on_a_copy(binaries: programs.Binaries, account: Account | None, cache: Path) -> Kept:
    kept = Kept(account)
    try:
        with writing(kept.path.parent, "TMPDIR"):
            copy_cluster(binaries, kept.path / "data", account, cache)
        start(kept, binaries)
    except BaseException:
        kept.close()
        raise
    return kept
