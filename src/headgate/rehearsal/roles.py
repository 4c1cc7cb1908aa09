"""Roles that a rehearsal makes: they belong to the whole server and would be in the way of the next one.

https://www.postgresql.org/docs/current/database-roles.html
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from headgate.postgres.server import without_detours

__all__ = ["put_aside"]

_ROLES = "SELECT oid, rolname FROM pg_catalog.pg_roles"


@contextmanager
def put_aside(url: str) -> Iterator[None]:
    """Give every role that is made in the block another name when it ends.

    It cannot be dropped as long as a scratch database holds what it owns or may use; another name is enough for the
    next `CREATE ROLE` of the same one. For a server that headgate started, which takes its roles along.

    Args:
        url: a scratch database, as a SQLAlchemy URL.
    """
    import psycopg
    from psycopg.sql import SQL, Identifier

    # The same words as libpq's own URI, but for the driver; SQLAlchemy would have to be imported to read them.
    # https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
    own = f"postgresql://{url.partition('://')[2]}"
    with without_detours(), psycopg.connect(own, autocommit=True) as connection:
        before = {oid for oid, _ in connection.execute(_ROLES)}
    try:
        yield
    finally:
        with without_detours(), psycopg.connect(own, autocommit=True) as connection:
            for oid, name in connection.execute(_ROLES).fetchall():
                if oid not in before:
                    aside = f"headgate_role_{secrets.token_hex(4)}"
                    connection.execute(SQL("ALTER ROLE {} RENAME TO {}").format(Identifier(name), Identifier(aside)))
