"""One statement on its way through a cursor: look before it, look after it, note what it did."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from headgate.rehearsal.effects import difference, locks, work
from headgate.rehearsal.lines import Place
from headgate.rehearsal.observation import Counters, Observer

if TYPE_CHECKING:
    from headgate.rehearsal.tracer import Tracer

__all__ = ["Passage"]

# What the server answers to a statement that cannot be run in a transaction, or that ends one.
_REFUSED = (errors.ActiveSqlTransaction, errors.InvalidTransactionTermination)
# What it answers to a statement that makes sense in a transaction only, and to one that begins it.
_NEED_A_TRANSACTION = {"LOCK TABLE", "SAVEPOINT", "DECLARE CURSOR"}
_BEGINS = {"BEGIN", "START TRANSACTION"}
_IDLE, _INSIDE, _FAILED = TransactionStatus.IDLE, TransactionStatus.INTRANS, TransactionStatus.INERROR


class Passage:
    """Notes one statement; entered before it is sent, left when the server has answered.

    A statement that would be a transaction of its own is given one, because its locks can only be read while it lasts.
    What the server refuses to do in a transaction does not raise: the block ends, and the sender sends it once more,
    in `alone`.

    Args:
        tracer: where it is noted.
        cursor: the cursor that sends it.
        observer: what looks at the cursor's session.
        sql: its text.
        place: the line that sent it.
        again: whether the sender can send it once more.
    """

    def __init__(
        self, tracer: Tracer, cursor: Any, observer: Observer, sql: str, place: Place, *, again: bool = True
    ) -> None:
        self._tracer, self._cursor, self._observer = tracer, cursor, observer
        self._sql, self._place, self._again = sql, place, again
        self._wrapped = False
        self._notices: list[str] = []
        self._aside = ExitStack()
        self._seen: Mapping[int, frozenset[str]] = {}
        self._totals: Mapping[int, Counters] | None = None

    def __enter__(self) -> None:
        status = self._observer.status
        if status in {_IDLE, _INSIDE}:
            self._observer.begin()
            if "commit" in self._sql.lower():  # it may end its transaction, and no lock can be read afterwards
                self._watch_aside()
        self._wrapped = self._again and self._cursor.connection.autocommit and status is _IDLE
        if self._wrapped:
            self._observer.send("BEGIN")
        self._start()

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        self._stop()
        observer = self._observer
        if self._wrapped and isinstance(error, _REFUSED):
            observer.send("ROLLBACK")
            return True
        told, transaction = self._told(error), observer.state.transaction
        late = self._end(error) if self._wrapped else None
        outside = self._wrapped and (error or late or self._cursor.statusmessage not in _BEGINS)
        number = None if outside else self._tracer.transaction((observer, transaction) if transaction else self)
        self._note(told, number, error or late)
        if late:
            raise late
        return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Note the statement as it is sent outside a transaction, with the locks that another session sees."""
        error: BaseException | None = None
        self._notices.clear()
        self._wrapped = False
        self._observer.begin()
        self._watch_aside()
        self._start()
        try:
            yield
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._stop()
            self._note(self._told(error), None, error, concurrent=True)

    def _end(self, error: BaseException | None) -> psycopg.Error | None:
        """End the transaction that the statement was given; give what it then fails with."""
        observer, answer = self._observer, self._cursor.statusmessage
        try:
            if error and observer.status in {_INSIDE, _FAILED}:
                observer.send("ROLLBACK")
            elif answer in _NEED_A_TRANSACTION:
                observer.send("ROLLBACK")
                observer.send(self._sql)  # to fail as it does without one
            elif observer.status is _INSIDE and answer not in _BEGINS:
                observer.send("COMMIT")  # where a deferred constraint fails
        except psycopg.Error as failure:
            observer.stale = True
            return failure
        return None

    def _watch_aside(self) -> None:
        self._totals = self._observer.totals()
        self._seen = self._aside.enter_context(self._tracer.sampler.watching(self._cursor.connection))

    def _start(self) -> None:
        self._before, self._known = self._observer.state, self._observer.known
        self._cursor.connection.add_notice_handler(self._noticed)
        self._started = time.monotonic()

    def _stop(self) -> None:
        self._seconds = time.monotonic() - self._started
        self._cursor.connection.remove_notice_handler(self._noticed)
        self._aside.close()

    def _noticed(self, diagnostic: Any) -> None:
        if self._wrapped and diagnostic.sqlstate == "25001":
            return  # a BEGIN of the revision met ours
        self._notices.append(f"{diagnostic.sqlstate} {diagnostic.message_primary}")

    def _told(self, error: BaseException | None) -> dict[str, Any]:
        """Give the statement's effects, as fields of `Statement`."""
        observer, names = self._observer, self._observer.names
        status = observer.status
        # After a rollback to a savepoint, what is gone is not this statement's doing.
        if status is _INSIDE and error is None and self._cursor.statusmessage != "ROLLBACK":
            told, observer.known = difference(self._before, observer.look(), self._known, names, observer.details)
            return told
        if status is not _IDLE or error is not None:
            observer.stale = True
            return {"held": locks(self._before.locks, self._known, names)}
        after = observer.look_outside({**self._before.locks, **self._seen})
        told, observer.known = difference(self._before, after, self._known, names, observer.details)
        if self._totals is not None:
            told["work"] = work(self._totals, observer.totals(), names)
        return told

    def _note(
        self, told: dict[str, Any], number: int | None, error: BaseException | None, *, concurrent: bool = False
    ) -> None:
        self._tracer.note(
            sql=self._sql,
            path=self._place.path,
            line=self._place.line,
            function=self._place.function,
            transaction=number,
            settings=dict(self._observer.state.settings),
            notices=tuple(self._notices),
            seconds=self._seconds,
            error=(getattr(error, "sqlstate", None) or type(error).__name__) if error else None,
            concurrent=concurrent,
            **told,
        )
