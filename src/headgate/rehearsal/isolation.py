"""Keep a project's code away from every database but the scratch database it was given."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.errors import HeadgateError

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import URL

__all__ = ["connect", "only_scratch"]

# libpq lets these decide where to connect, whatever host a URL names:
# https://www.postgresql.org/docs/current/libpq-envars.html
_ELSEWHERE = ("PGHOSTADDR", "PGSERVICE")


@contextmanager
def only_scratch(url: str, variable: str, folder: Path, models_url: str | None = None) -> Iterator[None]:
    """Hand env.py the scratch database's URL, and refuse every connection of SQLAlchemy to anything else.

    For the child process of a rehearsal: the environment, the working folder and SQLAlchemy's classes are changed and
    stay so.

    Args:
        url: the scratch database.
        variable: the environment variable that env.py may read.
        folder: where Alembic would be run; env.py may name files relative to it.
        models_url: the scratch database that the models build, which headgate itself connects to.

    Raises:
        HeadgateError: from within the run, when env.py connects elsewhere. Nothing has been reached then.
    """
    from sqlalchemy import Engine, event, make_url
    from sqlalchemy.pool import Pool

    os.environ[variable] = url
    for name in _ELSEWHERE:
        os.environ.pop(name, None)
    os.chdir(folder)
    allowed = {_address(_parameters(make_url(given))) for given in (url, models_url) if given}

    announced = False

    def refuse(dialect: Any, _record: Any, arguments: Any, parameters: Mapping[str, Any]) -> None:
        nonlocal announced
        announced = dialect.name == "postgresql" and not arguments and _address(parameters) in allowed
        if announced:
            return
        host, _port, database, *_ = _address(parameters)
        where = f" at {'/'.join(filter(None, (host, database)))}" if host or database else ""
        raise HeadgateError(
            f"The migration environment connects to {dialect.name}{where}, not to the scratch database.",
            f"Have env.py take its URL from ${variable} or from sqlalchemy.url; nothing was reached.",
        )

    def refuse_unannounced(connection: Any, _record: Any) -> None:
        nonlocal announced
        if not announced:
            connection.close()
            raise HeadgateError(
                "The migration environment opens connections itself (create_engine with creator=…), so nothing says"
                " that they go to the scratch database.",
                f"Have env.py make its engine from the URL in ${variable} or sqlalchemy.url; no statement was sent.",
            )
        announced = False

    event.listen(Engine, "do_connect", refuse)
    event.listen(Pool, "connect", refuse_unannounced)
    yield


def connect(url: str) -> psycopg.Connection[Any]:
    """Open a connection of headgate's own, outside SQLAlchemy, in autocommit mode.

    Args:
        url: a scratch database, as a SQLAlchemy URL.
    """
    import psycopg
    from sqlalchemy import make_url

    return psycopg.connect(**_parameters(make_url(url)), autocommit=True)


def _parameters(url: URL) -> dict[str, Any]:
    return {**url.translate_connect_args(username="user", database="dbname"), **url.query}


def _address(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    database = parameters.get("dbname") or parameters.get("database")
    # A `hostaddr` or a `service` says where to connect whatever the host is.
    others = (parameters.get(name) for name in ("hostaddr", "service"))
    return tuple(
        str(part or "") for part in (parameters.get("host"), parameters.get("port") or 5432, database, *others)
    )
