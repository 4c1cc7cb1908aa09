"""Have psycopg's cursors, synchronous and asynchronous, tell a tracer what they send.

The classes themselves are changed, for the child process of a rehearsal: raw cursors and SQLAlchemy's are all theirs.
https://www.psycopg.org/psycopg3/docs/api/cursors.html
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
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
        (psycopg.Connection, "rollback", _interrupting),
        (psycopg.Connection, "transaction", _interrupting),
        (psycopg.AsyncConnection, "rollback", _interrupting),
        (psycopg.AsyncConnection, "transaction", _interrupting),
    ):
        original = getattr(owner, name)
        setattr(owner, name, functools.wraps(original)(by(tracer, original)))


def _sent(tracer: Tracer, original: Any) -> Any:
    def send(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        passage = tracer.passage(cursor, query)
        if passage is None:
            return original(cursor, query, *arguments, **options)
        with passage:
            return original(cursor, query, *arguments, **options)
        with passage.alone():
            return original(cursor, query, *arguments, **options)

    return send


def _sent_async(tracer: Tracer, original: Any) -> Any:
    async def send(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        passage = tracer.passage(cursor, query)
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
    return tracer.passage(cursor, query, again=False) or nullcontext()


def _interrupting(tracer: Tracer, original: Any) -> Any:
    def interrupt(connection: Any, *arguments: Any, **options: Any) -> Any:
        tracer.interrupted(connection)
        return original(connection, *arguments, **options)

    return interrupt
