"""Watch every statement that a revision sends, on the connection that sends it, and note what the server did.

psycopg's cursors are watched, not SQLAlchemy's events, so that a statement counts by whatever way it was sent. What is
noted is exact and does not depend on how fast this machine is: see `observation`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from headgate.rehearsal.observation import Observer, State
from headgate.rehearsal.sampler import sampled
from headgate.rehearsal.trace import Statement, Trace

__all__ = ["Tracer"]

# What the server answers to a statement that cannot be run in a transaction, or that ends one.
_REFUSED = (errors.ActiveSqlTransaction, errors.InvalidTransactionTermination)


class Tracer:
    """The statements of one rehearsal. For its child process: psycopg's cursors stay watched.

    Args:
        database: the name of the scratch database; sessions on others are left alone.
        revisions: the path of each revision file; a statement's line is found by the call that leads through one.
    """

    def __init__(self, database: str, revisions: frozenset[str]) -> None:
        self._database, self._revisions = database, revisions
        self._observers: dict[int, Observer] = {}
        self._statements: list[Statement] | None = None
        self._transactions = 0
        self._execute = psycopg.Cursor.execute
        self._executemany = psycopg.Cursor.executemany
        self._copy = psycopg.Cursor.copy

    def watch(self) -> None:
        """Have every cursor of this process tell what it sends."""
        tracer = self

        def execute(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
            return tracer._sent(cursor, query, lambda: tracer._execute(cursor, query, *arguments, **options))

        def executemany(cursor: Any, query: Any, *arguments: Any, **options: Any) -> None:
            tracer._sent(cursor, query, lambda: tracer._executemany(cursor, query, *arguments, **options))

        @contextmanager
        def copy(cursor: Any, statement: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
            with tracer._noted(cursor, statement), tracer._copy(cursor, statement, *arguments, **options) as stream:
                yield stream

        for name, watched in (("execute", execute), ("executemany", executemany), ("copy", copy)):
            setattr(psycopg.Cursor, name, watched)

    @contextmanager
    def tracing(self, revision: str, direction: str, rows: Mapping[str, int], found: list[Trace]) -> Iterator[None]:
        """Note the statements of one revision in one direction, also when it fails.

        Args:
            revision: its id.
            direction: `up` or `down`.
            rows: how many rows each table has that is there before.
            found: is given the trace.
        """
        self._statements, self._transactions = [], 0
        self._observers.clear()
        try:
            yield
        finally:
            found.append(Trace(revision, direction, tuple(self._statements), dict(rows)))
            self._statements = None

    def _sent(self, cursor: Any, query: Any, send: Callable[[], Any]) -> Any:
        connection = cursor.connection
        if not self._counts(connection) or not _runs_by_itself(connection):
            with self._noted(cursor, query):
                return send()
        # In a transaction of its own its locks can be read while they are held.
        observer = self._observer(connection)
        observer.send("BEGIN")
        try:
            with self._noted(cursor, query, by_itself=True):
                answer = send()
        except _REFUSED:
            observer.send("ROLLBACK")
            if self._statements:
                self._statements.pop()
        except BaseException:
            observer.send("ROLLBACK")
            raise
        else:
            if connection.info.transaction_status is TransactionStatus.INTRANS:
                observer.send("COMMIT")
            return answer
        with sampled(connection, observer) as held, self._noted(cursor, query, by_itself=True, held=held):
            return send()

    @contextmanager
    def _noted(
        self, cursor: Any, query: Any, *, by_itself: bool = False, held: Callable[[], State] | None = None
    ) -> Iterator[None]:
        connection, place = cursor.connection, self._place()
        if place is None or not self._counts(connection):
            yield
            return
        observer = self._observer(connection)
        opens = connection.info.transaction_status is TransactionStatus.IDLE
        if not by_itself and opens:
            self._transactions += 1
        if opens or by_itself:
            observer.begin()
        before, notices, error = observer.state, [], None
        handler = _collector(notices)
        connection.add_notice_handler(handler)
        started = time.monotonic()
        try:
            yield
        except psycopg.Error as failure:
            error = failure.sqlstate
            raise
        finally:
            seconds = time.monotonic() - started
            connection.remove_notice_handler(handler)
            if held is not None:
                observer.state = held()
            elif error is None and connection.info.transaction_status is TransactionStatus.INTRANS:
                observer.look()
            told = observer.difference(before)
            assert self._statements is not None
            self._statements.append(
                Statement(
                    number=len(self._statements) + 1,
                    sql=_text(query, connection),
                    path=place[0],
                    line=place[1],
                    function=place[2],
                    transaction=None if by_itself else self._transactions,
                    settings=dict(before.settings),
                    notices=tuple(notices),
                    seconds=seconds,
                    error=error,
                    concurrent=held is not None,
                    **told,
                )
            )

    def _counts(self, connection: Any) -> bool:
        return (
            self._statements is not None
            and not connection.closed
            and connection.info.dbname == self._database
            and self._place() is not None
        )

    def _observer(self, connection: Any) -> Observer:
        key = id(connection)
        if key not in self._observers:
            self._observers[key] = Observer(connection, self._execute)
        return self._observers[key]

    def _place(self) -> tuple[str, int, str] | None:
        """The line of a revision file that leads to the running call, and the function that it is in."""
        frame, found = sys._getframe(1), None
        while frame is not None:
            if frame.f_code.co_filename in self._revisions:
                # A helper function of the file is told by the line in it, and by the function that called it.
                found = (*(found[:2] if found else (frame.f_code.co_filename, frame.f_lineno)), frame.f_code.co_name)
            frame = frame.f_back  # type: ignore[assignment]
        return found


def _runs_by_itself(connection: Any) -> bool:
    return connection.autocommit and connection.info.transaction_status is TransactionStatus.IDLE


def _collector(notices: list[str]) -> Callable[[Any], None]:
    def collect(diagnostic: Any) -> None:
        notices.append(f"{diagnostic.sqlstate} {diagnostic.message_primary}")

    return collect


def _text(query: Any, connection: Any) -> str:
    if isinstance(query, str):
        return query.strip()
    return (query.decode() if isinstance(query, bytes) else query.as_string(connection)).strip()
