"""Scratch databases: made from a template, dropped when the block ends.

`CREATE DATABASE … STRATEGY FILE_COPY` copies the template's files instead of writing each page to the log, which is
quicker where nothing is synced: https://www.postgresql.org/docs/current/sql-createdatabase.html
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.errors import HeadgateError
from headgate.postgres.server import Server

if TYPE_CHECKING:
    import psycopg

__all__ = ["Database", "create", "database", "drop", "freeze", "set_timezone"]


@dataclass(frozen=True)
class Database:
    """A database on a server. It may be pickled, for a child process that works in it."""

    server: Server
    name: str

    def url(self, *, driver: str = "psycopg") -> str:
        """Give its SQLAlchemy URL; `driver` as in `Server.url`."""
        return self.server.url(self.name, driver=driver)

    def connect(self, autocommit: bool = True) -> psycopg.Connection:
        """Connect to it."""
        return self.server.connect(self.name, autocommit=autocommit)


def create(server: Server, *, template: str | None = None) -> Database:
    """Make a database.

    Args:
        server: where.
        template: the name of the database to copy, to which nobody may be connected; `None` for an empty one.
    """
    from psycopg.sql import SQL, Identifier

    new = Database(server, f"{server.prefix}_{secrets.token_hex(4)}")
    statement = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(new.name), Identifier(template or "template1"))
    if server.major >= 15:
        statement += SQL(" STRATEGY FILE_COPY")
    with server.connect() as connection:
        connection.execute(statement)
    return new


@contextmanager
def database(server: Server, template: str | None = None) -> Iterator[Database]:
    """Make a database for the length of a block; the arguments are those of `create`."""
    import psycopg

    made = create(server, template=template)
    try:
        yield made
    finally:
        # A server that died took its databases along, and the reason is already on its way up.
        with suppress(psycopg.OperationalError):
            drop(server, made.name)


def freeze(server: Server, database: Database) -> str:
    """Make a template of a database: whoever is connected is cut off, and nobody can connect any more.

    https://www.postgresql.org/docs/current/manage-ag-templatedbs.html

    Returns:
        Its name, for `create` and `database`.
    """
    from psycopg.sql import SQL, Identifier

    with server.connect() as connection:
        connection.execute(
            SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true").format(Identifier(database.name))
        )
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [database.name]
        )
    return database.name


def set_timezone(database: Database, timezone: str | None) -> None:
    """Have the sessions in a database begin with a TimeZone: on it depends whether timestamps are rewritten.

    https://www.postgresql.org/docs/current/sql-alterdatabase.html

    Args:
        database: the database.
        timezone: as the setting takes it, as in `Europe/Vienna`; `None` leaves the server's.

    Raises:
        HeadgateError: the server knows no such time zone.
    """
    if timezone is None:
        return
    from psycopg import errors
    from psycopg.sql import SQL, Identifier, Literal

    with database.server.connect() as connection:
        try:
            connection.execute(
                SQL("ALTER DATABASE {} SET timezone = {}").format(Identifier(database.name), Literal(timezone))
            )
        except errors.InvalidParameterValue:
            raise HeadgateError(
                f'PostgreSQL knows no time zone "{timezone}", which [tool.headgate] names.',
                "Set timezone to what `SHOW timezone` gives on the production server.",
            ) from None


def drop(server: Server, name: str) -> None:
    """Drop a database, a template too, whoever is connected; nothing happens when there is none of that name."""
    from psycopg.sql import SQL, Identifier

    with server.connect() as connection:
        found = connection.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", [name]).fetchone()
        if found and found[0]:
            connection.execute(SQL("ALTER DATABASE {} WITH IS_TEMPLATE false").format(Identifier(name)))
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
