"""A server that somebody else runs: scratch databases are made on it under a name of their own, and always dropped.

Roles, settings and the databases that were there are left alone. Each process holds one connection that carries its
prefix as `application_name`, so that the next one can tell what a killed process left behind:
https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.errors import HeadgateError
from headgate.postgres.address import parameters, parsed
from headgate.postgres.scratch import drop
from headgate.postgres.server import Server, without_detours
from headgate.redaction import display_url, redacted, remember

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import URL

__all__ = ["given_server"]

_OWN = re.compile(r"(headgate_[0-9a-f]{12})_[0-9a-f]{8}")


@dataclass(frozen=True)
class _GivenServer(Server):
    """A server that is reached by the user's URL, with the password and the options that it holds."""

    address: URL = field(kw_only=True, repr=False)

    def url(self, database: str | None = None, *, driver: str = "psycopg") -> str:
        dialect = f"postgresql+{driver}" if driver else "postgresql"
        changed = self.address.set(drivername=dialect, database=database or self.maintenance)
        return changed.render_as_string(hide_password=False)

    def connect(self, database: str | None = None, autocommit: bool = True) -> psycopg.Connection:
        return _connect(self.address.set(database=database or self.maintenance), autocommit=autocommit)


@contextmanager
def given_server(url: str) -> Iterator[Server]:
    """Use a server for the length of a block.

    Args:
        url: a SQLAlchemy or libpq URL. Its database is the one to be in while others are made.

    Raises:
        HeadgateError: the URL cannot be read, the server cannot be reached, or its user may not create databases.
    """
    import psycopg

    remember(url)
    address = parsed(
        url,
        of="server",
        # Not "user:password@", which would be taken for a password where this is printed.
        fix="Write it as postgresql://user@host:5432/database in HEADGATE_POSTGRES_URL, a password behind the user as"
        " `user:password`.",
    )
    prefix = f"headgate_{secrets.token_hex(6)}"
    try:
        connection = _connect(address, autocommit=True, application_name=prefix)
    except psycopg.Error as error:
        raise HeadgateError(
            f"The server {display_url(url)} cannot be used: {redacted(' '.join(str(error).split()))}",
            "Mend the URL in HEADGATE_POSTGRES_URL, or unset it to let headgate start a server of its own.",
        ) from None
    with connection:
        server = _GivenServer(
            host=connection.info.host,
            port=connection.info.port,
            version="{}.{}".format(*divmod(connection.info.server_version, 10000)),
            user=connection.info.user,
            prefix=prefix,
            maintenance=connection.info.dbname,
            address=address,
        )
        _check(connection, display_url(url))
        connection.execute("SET idle_session_timeout = 0")
        _sweep(connection)
        try:
            yield server
        finally:
            _drop_all(server, display_url(url))


def _connect(address: URL, *, autocommit: bool, application_name: str | None = None) -> psycopg.Connection:
    import psycopg
    from psycopg.conninfo import make_conninfo

    given = parameters(address)
    if application_name is not None:
        given["application_name"] = application_name
    # A rehearsal reaches it by the URL alone, so what the environment would lead to is no part of it here either.
    with without_detours():
        return psycopg.connect(make_conninfo("", **given), autocommit=autocommit)


def _check(connection: psycopg.Connection, shown: str) -> None:
    row = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if not row or not row[0]:
        raise HeadgateError(
            f"The user of {shown} may not create databases.",
            f'Run `ALTER ROLE "{connection.info.user}" CREATEDB` there, or unset HEADGATE_POSTGRES_URL.',
        )


def _sweep(connection: psycopg.Connection) -> None:
    """Drop what a killed process left: nobody carries its prefix, and nobody is connected."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    live = {row[0] for row in connection.execute("SELECT application_name FROM pg_stat_activity")}
    for name in _scratch_databases(connection):
        if name.rpartition("_")[0] not in live:
            try:
                connection.execute(SQL("ALTER DATABASE {} WITH IS_TEMPLATE false").format(Identifier(name)))
                connection.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))
            except psycopg.Error:
                continue  # In use after all, or another's, or another process was quicker.


def _drop_all(server: Server, shown: str) -> None:
    import psycopg

    try:
        with server.connect() as connection:
            names = [name for name in _scratch_databases(connection) if name.startswith(f"{server.prefix}_")]
        for name in names:
            drop(server, name)
    except psycopg.Error as error:
        raise HeadgateError(
            f"The scratch databases {server.prefix}_… on {shown} could not be dropped: "
            f"{redacted(' '.join(str(error).split()))}",
            "The next run on that server drops them; or drop them by hand.",
        ) from None


def _scratch_databases(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, 'headgate_')")
    return [row[0] for row in rows if _OWN.fullmatch(row[0])]
