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

    os.environ[variable] = url
    os.chdir(folder)
    allowed = {_address(_parameters(make_url(given))) for given in (url, models_url) if given}

    def refuse(dialect: Any, _record: Any, arguments: Any, parameters: Mapping[str, Any]) -> None:
        if dialect.name == "postgresql" and not arguments and _address(parameters) in allowed:
            return
        where = parameters.get("host") or parameters.get("database") or "its default address"
        raise HeadgateError(
            f"The migration environment connects to {dialect.name} at {where}, not to the scratch database.",
            f"Have env.py take its URL from ${variable} or from sqlalchemy.url; nothing was reached.",
        )

    event.listen(Engine, "do_connect", refuse)
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


def _address(parameters: Mapping[str, Any]) -> tuple[str, str, str]:
    database = parameters.get("dbname") or parameters.get("database")
    return str(parameters.get("host")), str(parameters.get("port") or 5432), str(database)
