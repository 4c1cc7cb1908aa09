"""Watch every statement that a revision sends, on the connection that sends it, and note what the server did.

psycopg's cursors are watched, not SQLAlchemy's events, so that a statement counts by whatever way it was sent. What is
noted is exact and does not depend on how fast this machine is: see `observation`.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from headgate.rehearsal import cursors
from headgate.rehearsal.lines import Lines
from headgate.rehearsal.observation import Names, Observer
from headgate.rehearsal.passage import Passage
from headgate.rehearsal.sampler import Sampler
from headgate.rehearsal.trace import Statement, Trace

__all__ = ["Tracer"]


# SQLAlchemy asks when an autocommit_block begins (PGDialect.get_isolation_level).
_NOT_THE_REVISIONS = "show transaction isolation level"


class Tracer:
    """The statements of one rehearsal. For its child process: psycopg's cursors stay watched.

    Args:
        database: the name of the scratch database; sessions on others are left alone.
        revisions: the path of each revision file; a statement's line is found by the call that leads through one.
    """

    def __init__(self, database: str, revisions: frozenset[str]) -> None:
        self._database, self._lines = database, Lines(revisions)
        self._observers: weakref.WeakKeyDictionary[Any, Observer | None] = weakref.WeakKeyDictionary()
        self._statements: list[Statement] | None = None
        self._transactions: dict[object, int] = {}
        self._names = Names()
        self.sampler = Sampler()

    def watch(self) -> None:
        """Have every cursor of this process tell what it sends."""
        cursors.watch(self)
        self._lines.follow_batches()

    @contextmanager
    def tracing(self, revision: str, direction: str, rows: Mapping[str, int], found: list[Trace]) -> Iterator[None]:
        """Note the statements of one revision in one direction, also when it fails.

        Args:
            revision: its id.
            direction: `up` or `down`.
            rows: how many rows each table has that is there before.
            found: is given the trace.
        """
        self._statements, self._transactions, self._names = [], {}, Names()
        self._observers.clear()
        try:
            yield
        finally:
            found.append(Trace(revision, direction, tuple(self._statements), dict(rows)))
            self._statements = None

    def passage(self, cursor: Any, query: Any, *, again: bool = True) -> Passage | None:
        """Give what notes a statement while it passes; `None` when it is not the revision's.

        Args:
            cursor: the cursor of psycopg that sends it.
            query: the statement.
            again: whether it can be sent once more.
        """
        connection = cursor.connection
        if self._statements is None or connection.closed:
            return None
        place = self._lines.here()
        if place is None or query == _NOT_THE_REVISIONS:
            self.interrupted(connection)
            return None
        observer = self._observer(connection)
        if observer is None:
            return None
        return Passage(self, cursor, observer, _text(query, connection), place, again=again)

    def interrupted(self, connection: Any) -> None:
        """Take notice that something was done in a session that nobody watched, such as a rollback."""
        if observer := self._observers.get(connection):
            observer.stale = True

    def transaction(self, key: object) -> int:
        """Give the number of a transaction, by what tells it from others."""
        return self._transactions.setdefault(key, len(self._transactions) + 1)

    def note(self, **fields: Any) -> None:
        """Add a statement to the trace; the arguments are its fields."""
        if self._statements is not None:
            self._statements.append(Statement(number=len(self._statements) + 1, **fields))

    def _observer(self, connection: Any) -> Observer | None:
        if connection not in self._observers:
            ours = connection.info.dbname == self._database
            self._observers[connection] = Observer(connection, self._names) if ours else None
        return self._observers[connection]


def _text(query: Any, connection: psycopg.Connection[Any]) -> str:
    if isinstance(query, str):
        return query.strip()
    return (query.decode() if isinstance(query, bytes) else query.as_string(connection)).strip()
