"""Have psycopg2's connections and cursors tell a tracer what they send.

Its classes are C's and cannot be changed, so those that `psycopg2.connect` makes are made of classes of ours.
https://www.psycopg.org/docs/advanced.html#connection-and-cursor-factories
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from headgate.rehearsal.libpq import Psycopg2Session

if TYPE_CHECKING:
    from headgate.rehearsal.passage import Passage
    from headgate.rehearsal.tracer import Tracer

__all__ = ["watch", "watched"]

_COPIES = ("copy_expert", "copy_from", "copy_to")


def watch(tracer: Tracer, psycopg2: Any) -> None:
    """Tell a tracer of every statement of the connections that are opened from now on.

    Args:
        tracer: is asked for a passage before each statement.
        psycopg2: the module.
    """
    connect = psycopg2.connect

    @functools.wraps(connect)
    def connecting(dsn: Any = None, connection_factory: Any = None, cursor_factory: Any = None, **words: Any) -> Any:
        made = connection_factory or psycopg2.extensions.connection
        if isinstance(made, type) and not words.get("async") and not words.get("async_"):
            connection_factory = _connections(made, tracer)
        return connect(dsn, connection_factory, cursor_factory, **words)

    psycopg2.connect = connecting


def watched(cursor: Any) -> bool:
    """Whether a cursor tells what it sends."""
    return hasattr(cursor, "headgate")


@functools.cache
def _connections(base: Any, tracer: Tracer) -> Any:
    class Watched(base):  # type: ignore[misc]
        def cursor(self, name: Any = None, cursor_factory: Any = None, *rest: Any, **words: Any) -> Any:
            made = cursor_factory or self.cursor_factory or _plain()
            return super().cursor(name, _cursors(made, tracer) if isinstance(made, type) else made, *rest, **words)

        def rollback(self) -> None:
            tracer.undoing(self)
            super().rollback()

        def close(self) -> None:
            tracer.undoing(self)
            super().close()

        def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
            if kind is not None:
                tracer.undoing(self)
            return super().__exit__(kind, error, trace)

    return Watched


@functools.cache
def _cursors(base: Any, tracer: Tracer) -> Any:
    if issubclass(base, tuple(_made)):
        return base

    def passage(cursor: Any, query: Any, *, again: bool = True) -> Passage | None:
        if isinstance(query, bytes):
            query = query.decode()
        text = query if isinstance(query, str) else query.as_string(cursor)
        return tracer.passage(
            cursor.connection, Psycopg2Session, text, lambda: (cursor.statusmessage or "",), again=again
        )

    class Watched(base):  # type: ignore[misc]
        headgate = True

        def execute(self, query: Any, vars: Any = None) -> Any:
            return self._headgate_sent(super().execute, query, vars)

        def executemany(self, query: Any, vars_list: Any) -> Any:
            return self._headgate_sent(super().executemany, query, vars_list)

        def callproc(self, procname: Any, parameters: Any = None) -> Any:
            return self._headgate_sent(
                lambda _, given: super(Watched, self).callproc(procname, given),
                f"SELECT * FROM {procname}()",
                parameters,
            )

        def _headgate_sent(self, send: Any, query: Any, given: Any) -> Any:
            noted = passage(self, query)
            if noted is None:
                return send(query, given)
            with noted:
                return send(query, given)
            with noted.alone():
                return send(query, given)

    for name in _COPIES:

        def copy(self: Any, what: Any, *arguments: Any, _name: str = name, **words: Any) -> Any:
            original = getattr(super(Watched, self), _name)
            told = (
                words.get("sql", what)
                if _name == "copy_expert"
                else f"COPY {arguments[0] if arguments else words.get('table')}"
            )
            noted = passage(self, told, again=False)
            if noted is None:
                return original(what, *arguments, **words)
            with noted:
                return original(what, *arguments, **words)

        setattr(Watched, name, copy)
    _made.append(Watched)
    return Watched


_made: list[type] = []


def _plain() -> Any:
    import psycopg2

    return psycopg2.extensions.cursor
