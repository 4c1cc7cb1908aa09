"""The drivers of PostgreSQL, made to ask before they connect, whoever calls them.

Project code need not go through SQLAlchemy: a cloud provider's connector is a `creator=` that calls the driver, and a
backfill may open a connection of its own. libpq opens its sockets where no audit hook of Python sees them, so the
question is asked in the functions that the drivers document as the way to connect.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["Ask", "guard", "once_imported"]

Ask = Callable[[Mapping[str, Any]], None]
_Read = Callable[[str], Mapping[str, Any]]

# The words that say where a connection goes. asyncpg and psycopg2 take `database` for `dbname`.
_WHERE = ("host", "hostaddr", "port", "dbname", "database", "service")


def guard(ask: Ask) -> Callable[[object], bool]:
    """Have a question asked before psycopg, psycopg2 or asyncpg connects; what it raises stops the connection.

    For a process of its own, which stays so.

    Args:
        ask: is given what the caller says of the place, under libpq's names.

    Returns:
        A function that says whether a driver's connection is of a class that nobody opens without being asked.
    """
    import psycopg

    classes: list[type] = [psycopg.Connection, psycopg.AsyncConnection]
    for owner in classes:
        _ask_first(owner, "connect", "conninfo", _of_libpq, ask)
    _set(psycopg, "connect", psycopg.Connection.connect)

    def guard_psycopg2(psycopg2: Any) -> None:
        _ask_first(psycopg2, "connect", "dsn", _of_libpq, ask)
        classes.append(psycopg2.extensions.connection)

    def guard_asyncpg(asyncpg: Any) -> None:
        _ask_first(asyncpg.connection, "connect", "dsn", _of_asyncpg, ask)  # where its pools look it up
        _set(asyncpg, "connect", asyncpg.connection.connect)
        classes.append(asyncpg.Connection)

    once_imported({"psycopg2": guard_psycopg2, "asyncpg": guard_asyncpg})
    return lambda connection: isinstance(connection, tuple(classes))


class _Importing(MetaPathFinder):
    """Does something to a module as soon as it is imported: both drivers would cost 50 ms where nobody uses them."""

    def __init__(self, wanted: dict[str, Callable[[Any], None]]) -> None:
        self._wanted = wanted

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        change = self._wanted.pop(fullname, None)
        spec = importlib.util.find_spec(fullname) if change else None
        if not (change and spec and spec.loader):
            return None
        execute = spec.loader.exec_module

        def execute_and_change(module: ModuleType) -> None:
            execute(module)
            change(module)

        _set(spec.loader, "exec_module", execute_and_change)
        return spec


def once_imported(wanted: dict[str, Callable[[Any], None]]) -> None:
    """Do something to a module now if it is imported already, and otherwise as soon as it is.

    Args:
        wanted: what is done, by the module's name.
    """
    for name in list(wanted):
        if module := sys.modules.get(name):
            wanted.pop(name)(module)
    sys.meta_path.insert(0, _Importing(wanted))


def _ask_first(owner: Any, name: str, text: str, read: _Read, ask: Ask) -> None:
    """Replace a function that connects by one that asks first.

    Args:
        owner: the class or module that has it.
        name: its name.
        text: its first parameter, which holds a connection string.
        read: gives what a connection string says.
        ask: the question.
    """
    found = vars(owner)[name]
    in_class = isinstance(found, classmethod)
    connect = found.__func__ if in_class else found

    @functools.wraps(connect)
    def asking(*arguments: Any, **words: Any) -> Any:
        given = arguments[1:] if in_class else arguments
        said = (given[0] if given else words.get(text)) or ""
        ask({**read(said), **{word: words[word] for word in _WHERE if words.get(word) is not None}})
        return connect(*arguments, **words)

    _set(owner, name, classmethod(asking) if in_class else asking)


def _of_libpq(text: str) -> Mapping[str, Any]:
    from psycopg.conninfo import conninfo_to_dict

    return conninfo_to_dict(text)


def _of_asyncpg(text: str) -> Mapping[str, Any]:
    """asyncpg takes a URL only, and in it names that libpq does not know."""
    from sqlalchemy import make_url

    if not text:
        return {}
    url = make_url(text)
    return {**url.translate_connect_args(), **url.query}


def _set(owner: Any, name: str, value: Any) -> None:
    """By name, because to a type checker methods and functions are constants."""
    setattr(owner, name, value)
