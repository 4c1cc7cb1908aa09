"""Have psycopg's cursors, synchronous and asynchronous, tell a tracer what they send.

The classes themselves are changed, for the child process of a rehearsal: raw cursors and SQLAlchemy's are all theirs.
https://www.psycopg.org/psycopg3/docs/api/cursors.html
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import psycopg

from headgate.rehearsal.session import PsycopgSession

if TYPE_CHECKING:
    from headgate.rehearsal.passage import Passage
    from headgate.rehearsal.tracer import Tracer

__all__ = ["watch"]


def watch(tracer: Tracer) -> None:
    """Tell a tracer of every statement, and of what is done in a session without one.

    Args:
        tracer: is asked for a passage before each statement.
    """
    for owner, name, by in (
        (psycopg.Cursor, "execute", _sent),
        (psycopg.Cursor, "executemany", _sent),
        (psycopg.Cursor, "stream", _streamed),
        (psycopg.Cursor, "copy", _copied),
        (psycopg.ServerCursor, "execute", _sent),
        (psycopg.AsyncCursor, "execute", _sent_async),
        (psycopg.AsyncCursor, "executemany", _sent_async),
        (psycopg.AsyncCursor, "stream", _streamed_async),
        (psycopg.AsyncCursor, "copy", _copied_async),
        (psycopg.AsyncServerCursor, "execute", _sent_async),
        (psycopg.Connection, "rollback", _undoing),
        (psycopg.Connection, "close", _undoing),
        (psycopg.Connection, "transaction", _interrupting),
        (psycopg.Transaction, "__exit__", _leaving),
        (psycopg.AsyncConnection, "rollback", _undoing),
        (psycopg.AsyncConnection, "close", _undoing),
        (psycopg.AsyncConnection, "transaction", _interrupting),
        (psycopg.AsyncTransaction, "__aexit__", _leaving),
    ):
        original = getattr(owner, name)
        setattr(owner, name, functools.wraps(original)(by(tracer, original)))


def _sent(tracer: Tracer, original: Any) -> Any:
    def send(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        passage = _passage(tracer, cursor, query)
        if passage is None:
            return original(cursor, query, *arguments, **options)
        with passage:
            return original(cursor, query, *arguments, **options)
        with passage.alone():
            return original(cursor, query, *arguments, **options)

    return send


def _sent_async(tracer: Tracer, original: Any) -> Any:
    async def send(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        passage = _passage(tracer, cursor, query)
        if passage is None:
            return await original(cursor, query, *arguments, **options)
        with passage:
            return await original(cursor, query, *arguments, **options)
        with passage.alone():
            return await original(cursor, query, *arguments, **options)

    return send


def _streamed(tracer: Tracer, original: Any) -> Any:
    def stream(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        with _once(tracer, cursor, query):
            yield from original(cursor, query, *arguments, **options)

    return stream


def _streamed_async(tracer: Tracer, original: Any) -> Any:
    async def stream(cursor: Any, query: Any, *arguments: Any, **options: Any) -> AsyncIterator[Any]:
        with _once(tracer, cursor, query):
            async for row in original(cursor, query, *arguments, **options):
                yield row

    return stream


def _copied(tracer: Tracer, original: Any) -> Any:
    @contextmanager
    def copy(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        with _once(tracer, cursor, query), original(cursor, query, *arguments, **options) as copying:
            yield copying

    return copy


def _copied_async(tracer: Tracer, original: Any) -> Any:
    @asynccontextmanager
    async def copy(cursor: Any, query: Any, *arguments: Any, **options: Any) -> AsyncIterator[Any]:
        with _once(tracer, cursor, query):
            async with original(cursor, query, *arguments, **options) as copying:
                yield copying

    return copy


def _once(tracer: Tracer, cursor: Any, query: Any) -> AbstractContextManager[Any]:
    return _passage(tracer, cursor, query, again=False) or nullcontext()


def _interrupting(tracer: Tracer, original: Any) -> Any:
    def interrupt(connection: Any, *arguments: Any, **options: Any) -> Any:
        tracer.interrupted(connection)
        return original(connection, *arguments, **options)

    return interrupt


def _undoing(tracer: Tracer, original: Any) -> Any:
    def undo(connection: Any, *arguments: Any, **options: Any) -> Any:
        tracer.undoing(connection)
        return original(connection, *arguments, **options)

    return undo


def _leaving(tracer: Tracer, original: Any) -> Any:
    """A block of `connection.transaction()` is undone when it is left by an exception."""

    def leave(transaction: Any, error: Any, *rest: Any) -> Any:
        if error is not None:
            tracer.undoing(transaction.connection)
        return original(transaction, error, *rest)

    return leave


def _passage(tracer: Tracer, cursor: Any, query: Any, *, again: bool = True) -> Passage | None:
    return tracer.passage(
        cursor.connection, PsycopgSession, _text(query, cursor.connection), lambda: _answers(cursor), again=again
    )


def _answers(cursor: Any) -> Sequence[str]:
    results = getattr(cursor, "_results", None) or ()
    if len(results) < 2:
        return (cursor.statusmessage or "",)
    return [(result.command_status or b"").decode() for result in results]


def _text(query: Any, connection: psycopg.Connection[Any]) -> str:
    if isinstance(query, str):
        return query
    return query.decode() if isinstance(query, bytes) else str(query.as_string(connection))
