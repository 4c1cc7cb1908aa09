"""Keep a project's code away from every database but the scratch database it was given."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from headgate.errors import HeadgateError
from headgate.postgres.server import forget_detours
from headgate.rehearsal.drivers import guard

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import URL

    from headgate.rehearsal.prepared import Prepared

__all__ = ["connect", "only_scratch"]


@contextmanager
def only_scratch(url: str, prepared: Prepared, models_url: str | None = None) -> Iterator[None]:
    """Hand env.py the scratch database's URL, and refuse every connection to anything else.

    SQLAlchemy asks here whatever driver it uses, and psycopg, psycopg2 and asyncpg ask here whoever calls them.

    For the child process of a rehearsal: the environment, the working folder, SQLAlchemy's classes and the drivers are
    changed and stay so.

    Args:
        url: the scratch database.
        prepared: what env.py needs around it.
        models_url: the scratch database that the models build, which headgate itself connects to.

    Raises:
        HeadgateError: from within the run, when env.py connects elsewhere. Nothing has been reached then.
    """
    from sqlalchemy import Engine, event, make_url
    from sqlalchemy.pool import Pool

    prepared.hand_over(url)
    allowed = {_address(_parameters(make_url(given))) for given in (url, models_url) if given}

    announced: Any = None

    def refused(dialect: str, parameters: Mapping[str, Any]) -> HeadgateError:
        host, _port, database, *_ = _address(parameters)
        where = f" at {'/'.join(filter(None, (host, database)))}" if host or database else ""
        return HeadgateError(
            f"The migration environment connects to {dialect}{where}, not to the scratch database.",
            f"Have env.py take its URL from ${prepared.variable} or from sqlalchemy.url; nothing was reached.",
        )

    def ask(parameters: Mapping[str, Any]) -> None:
        forget_detours()  # env.py may have set them since
        if _address(parameters) not in allowed:
            raise refused("postgresql", parameters)

    asked = guard(ask)

    def refuse(dialect: Any, record: Any, arguments: Any, parameters: Mapping[str, Any]) -> None:
        nonlocal announced
        if dialect.name != "postgresql" or arguments or _address(parameters) not in allowed:
            raise refused(dialect.name, parameters)
        announced = record

    def refuse_unannounced(connection: Any, record: Any) -> None:
        # With `creator=` SQLAlchemy announces nothing, but a guarded driver has asked.
        if announced is not record and not asked(record.driver_connection):
            connection.close()
            raise HeadgateError(
                "The migration environment opens connections itself (create_engine with creator=…) with a driver that"
                " headgate does not know, so nothing says that they go to the scratch database.",
                f"Have env.py make its engine from the URL in ${prepared.variable} or sqlalchemy.url;"
                " no statement was sent.",
            )

    forget_detours()
    event.listen(Engine, "do_connect", refuse)
    event.listen(Pool, "connect", refuse_unannounced)
    yield


def connect(url: str) -> psycopg.Connection[Any]:
    """Open a connection of headgate's own, outside SQLAlchemy, in autocommit mode.

    What the environment says of the way is followed, as env.py follows it; within `only_scratch` it says nothing.

    Args:
        url: a scratch database, or the one that env.py connects to, as a SQLAlchemy URL.
    """
    import psycopg
    from sqlalchemy import make_url

    return psycopg.connect(**_parameters(make_url(url)), autocommit=True)


def _parameters(url: URL) -> dict[str, Any]:
    return {**url.translate_connect_args(username="user", database="dbname"), **url.query}


def _address(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Where libpq connects, with what it takes from the environment for want of a word.

    https://www.postgresql.org/docs/current/libpq-envars.html
    """
    environment = os.environ.get
    host = parameters.get("host") or environment("PGHOST")
    port = parameters.get("port") or environment("PGPORT") or 5432
    database = parameters.get("dbname") or parameters.get("database") or environment("PGDATABASE")
    # A `hostaddr` or a `service` says where to connect whatever the host is.
    return tuple(str(part or "") for part in (host, port, database, *map(parameters.get, ("hostaddr", "service"))))
