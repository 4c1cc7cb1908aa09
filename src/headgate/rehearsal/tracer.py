"""Watch every statement that a revision sends, on the connection that sends it, and note what the server did.

psycopg's cursors are watched, not SQLAlchemy's events, so that a statement counts by whatever way it was sent. What is
noted is exact and does not depend on how fast this machine is: see `observation`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psycopg.pq import TransactionStatus

from headgate.errors import HeadgateError
from headgate.rehearsal import cursors, cursors2, protocols
from headgate.rehearsal.changes import Changes, Source
from headgate.rehearsal.drivers import once_imported
from headgate.rehearsal.lines import Lines
from headgate.rehearsal.observation import Observer
from headgate.rehearsal.passage import Passage
from headgate.rehearsal.sampler import Sampler
from headgate.rehearsal.session import Session
from headgate.rehearsal.state import Names
from headgate.rehearsal.trace import Statement, Trace

if TYPE_CHECKING:
    from headgate.catalog import Catalog, Difference

__all__ = ["Tracer"]


# SQLAlchemy asks when an autocommit_block begins (PGDialect.get_isolation_level).
_NOT_THE_REVISIONS = "show transaction isolation level"


_SEEN = {"psycopg", "psycopg_async", "asyncpg"}  # as SQLAlchemy names them


class Tracer:
    """The statements of one rehearsal. For its child process: psycopg's cursors stay watched.

    Args:
        database: the name of the scratch database; sessions on others are left alone.
        revisions: the path of each revision file; a statement's line is found by the call that leads through one.
        source: reads the schema, so that each statement is told with what it made; `None` to leave that out.
    """

    def __init__(self, database: str, revisions: frozenset[str], source: Source | None = None) -> None:
        self._database, self._lines, self._source = database, Lines(revisions), source
        self._changes: Changes | None = None
        self._observers: weakref.WeakKeyDictionary[Any, Observer | None] = weakref.WeakKeyDictionary()
        self._statements: list[Statement] | None = None
        self._transactions: dict[object, int] = {}
        self._names = Names()
        self.sampler = Sampler()

    def watch(self) -> None:
        """Have every session of this process tell what it sends; those of psycopg2 and asyncpg from the next on."""
        from sqlalchemy import Engine, event

        cursors.watch(self)
        once_imported(
            {
                "psycopg2": lambda module: cursors2.watch(self, module),
                "asyncpg": lambda module: protocols.watch(self, module),
            }
        )
        self._lines.follow_batches()
        event.listen(Engine, "before_cursor_execute", self._refuse_unseen)

    def _refuse_unseen(self, connection: Any, cursor: Any, *_rest: Any) -> None:
        """A statement that nobody sees must not look like none."""
        driver = connection.dialect.driver
        seen = driver in _SEEN or (driver == "psycopg2" and cursors2.watched(cursor))
        if not seen:
            self.refuse_unseen(driver)

    def refuse_unseen(self, driver: str) -> None:
        """Refuse to go on when it is the revision that sends a statement which cannot be watched.

        Raises:
            HeadgateError: it is.
        """
        if self._statements is None or self._lines.here() is None:
            return
        raise HeadgateError(
            f"What the revision does cannot be traced: its connection of {driver} is one that headgate cannot watch.",
            "Have env.py connect with psycopg, psycopg2 or asyncpg, without a connection class or function of its own.",
        )

    @property
    def schema(self) -> Catalog | None:
        """The schema as it is known after the statements so far; `None` where that is not followed."""
        return self._changes.schema if self._changes else None

    @contextmanager
    def tracing(self, revision: str, direction: str, rows: Mapping[str, int], found: list[Trace]) -> Iterator[None]:
        """Note the statements of one revision in one direction, also when it fails.

        Args:
            revision: its id.
            direction: `up` or `down`.
            rows: how many rows each table has that is there before.
            found: is given the trace.
        """
        self._changes = Changes(self._source, self._made) if self._source else None
        self._statements, self._transactions, self._names = [], {}, Names()
        self._observers.clear()
        try:
            yield
        finally:
            if self._changes:
                self._changes.end()
            found.append(Trace(revision, direction, tuple(self._statements), dict(rows)))
            self._statements = None

    def passage(
        self,
        connection: Any,
        session: Callable[[Any], Session],
        query: Any,
        answers: Callable[[], Sequence[str]],
        *,
        again: bool = True,
    ) -> Passage | None:
        """Give what notes a statement while it passes; `None` when it is not the revision's.

        Args:
            connection: the driver's connection.
            session: gives the session of one that was not seen yet.
            query: the statement.
            answers: gives what the server answered to each statement in it.
            again: whether it can be sent once more.
        """
        if self._statements is None or (self._changes and self._changes.reading):
            return None
        place = self._lines.here()
        if place is None or query == _NOT_THE_REVISIONS:
            self.interrupted(connection)
            return None
        observer = self._observer(connection, session)
        if observer is None or observer.session.closed:
            return None
        return Passage(self, answers, observer, str(query).strip(), place, again=again)

    def before(self, observer: Observer) -> None:
        """Take the state before a statement."""
        if self._changes:
            self._changes.before(observer)
        else:
            observer.begin()

    def after(self, *arguments: Any, inside: bool) -> None:
        """Take notice that a statement was answered; see `Changes.after`."""
        if self._changes:
            self._changes.after(*arguments, inside=inside)

    def undone(self) -> None:
        """Take notice that a transaction was rolled back, or a part of one."""
        if self._changes:
            self._changes.undone()

    def interrupted(self, connection: Any) -> None:
        """Take notice that something was done in a session that nobody watched."""
        if observer := self._observers.get(connection):
            observer.stale = True

    def undoing(self, connection: Any) -> None:
        """Take notice that a session is about to end its transaction, and may undo what was done in it."""
        observer = self._observers.get(connection)
        if observer is None or self._statements is None:
            return
        observer.stale = True
        if self._changes and observer.status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
            self._changes.settle()
            self._changes.undone()

    def transaction(self, key: object) -> int:
        """Give the number of a transaction, by what tells it from others."""
        return self._transactions.setdefault(key, len(self._transactions) + 1)

    def note(self, **fields: Any) -> int:
        """Add a statement to the trace; the arguments are its fields. Gives its number."""
        if self._statements is None:
            return 0
        self._statements.append(Statement(number=len(self._statements) + 1, **fields))
        return len(self._statements)

    def _made(self, number: int, made: tuple[Difference, ...]) -> None:
        if self._statements and number:
            self._statements[number - 1] = replace(self._statements[number - 1], made=made)

    def _observer(self, connection: Any, session: Callable[[Any], Session]) -> Observer | None:
        if connection not in self._observers:
            made = session(connection)
            ours = not made.closed and made.parameters().get("dbname") == self._database
            self._observers[connection] = Observer(made, self._names) if ours else None
        return self._observers[connection]
