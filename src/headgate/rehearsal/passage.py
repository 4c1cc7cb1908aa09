"""One statement on its way through a cursor: look before it, look after it, note what it did."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from psycopg.pq import TransactionStatus

from headgate.rehearsal.effects import difference, locks, work
from headgate.rehearsal.lines import Place
from headgate.rehearsal.observation import Observer
from headgate.rehearsal.refusal import refusal
from headgate.rehearsal.state import Counters

if TYPE_CHECKING:
    from headgate.rehearsal.tracer import Tracer

__all__ = ["Passage"]

# What the server answers to a statement that cannot be run in a transaction, or that ends one.
_REFUSED = {"25001", "2D000"}  # active_sql_transaction, invalid_transaction_termination
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
        answers: gives what the server answered to each statement in it.
        observer: what looks at its session.
        sql: its text.
        place: the line that sent it.
        again: whether the sender can send it once more.
    """

    def __init__(
        self,
        tracer: Tracer,
        answers: Callable[[], Sequence[str]],
        observer: Observer,
        sql: str,
        place: Place,
        *,
        again: bool = True,
    ) -> None:
        self._tracer, self._answers, self._observer = tracer, answers, observer
        self._session = observer.session
        self._sql, self._place, self._again = sql, place, again
        self._wrapped = self._inside = False
        self._notices: list[str] = []
        self._aside = ExitStack()
        self._seen: Mapping[int, frozenset[str]] = {}
        self._totals: Mapping[int, Counters] | None = None

    def __enter__(self) -> None:
        status = self._observer.status
        if status in {_IDLE, _INSIDE}:
            self._tracer.before(self._observer)
            if "commit" in self._sql.lower():  # it may end its transaction, and no lock can be read afterwards
                self._watch_aside()
        self._wrapped = self._again and self._session.autocommit and status is _IDLE
        if self._wrapped:
            self._session.send("BEGIN")
        self._start()

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        self._stop()
        if self._wrapped and _code(error) in _REFUSED:
            self._session.send("ROLLBACK")
            return True
        told = self._told(error)
        transaction = self._observer.state.transaction
        late = self._end(error) if self._wrapped else None
        outside = self._wrapped and (error or late or self._answer() not in _BEGINS)
        self._note(told, None if outside else self._number(transaction), error or late)
        if late:
            raise late
        return False

    def _note(
        self, told: dict[str, Any], number: int | None, error: BaseException | None, *, concurrent: bool = False
    ) -> None:
        tag = "" if error else "; ".join(self._answers())
        place = self._tracer.note(
            sql=self._sql,
            path=self._place.path,
            line=self._place.line,
            function=self._place.function,
            transaction=number,
            settings=dict(self._observer.state.settings),
            notices=tuple(self._notices),
            seconds=self._seconds,
            error=(_code(error) or type(error).__name__) if error else None,
            concurrent=concurrent,
            tag=tag,
            refusal=refusal(error) if error else None,
            **told,
        )
        if tag.startswith("ROLLBACK"):
            self._tracer.undone()
        elif not error:
            self._tracer.after(place, tag, self._observer, self._before, self._known, inside=self._inside)

    def failed(self, error: BaseException) -> None:
        """Note a statement that the server refused before it was run."""
        if self._session.status in {_IDLE, _INSIDE}:
            self._tracer.before(self._observer)
        self._start()
        self._stop()
        outside = self._session.status is _IDLE
        told = self._told(error)
        self._note(told, None if outside else self._number(self._observer.state.transaction), error)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Note the statement as it is sent outside a transaction, with the locks that another session sees."""
        error: BaseException | None = None
        self._notices.clear()
        self._wrapped = False
        self._tracer.before(self._observer)
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

    def _number(self, transaction: str) -> int:
        return self._tracer.transaction((self._observer, transaction) if transaction else self)

    def _answer(self) -> str:
        return next(iter(self._answers()), "")

    def _end(self, error: BaseException | None) -> Exception | None:
        """End the transaction that the statement was given; give what it then fails with."""
        observer, session, answer = self._observer, self._session, "" if error else self._answer()
        try:
            if error and observer.status in {_INSIDE, _FAILED}:
                session.send("ROLLBACK")
            elif answer in _NEED_A_TRANSACTION:
                session.send("ROLLBACK")
                session.send(self._sql)  # to fail as it does without one
            elif observer.status is _INSIDE and answer not in _BEGINS:
                session.send("COMMIT")  # where a deferred constraint fails
        except session.error as failure:
            observer.stale = True
            return failure
        return None

    def _watch_aside(self) -> None:
        self._totals = self._observer.totals()
        self._seen = self._aside.enter_context(self._tracer.sampler.watching(self._session))

    def _start(self) -> None:
        self._before, self._known = self._observer.state, self._observer.known
        self._session.listen(self._noticed)
        self._passing = True
        self._started = time.monotonic()

    def _stop(self) -> None:
        self._seconds = time.monotonic() - self._started
        self._passing = False
        self._aside.close()

    def _noticed(self, code: str | None, message: str | None) -> None:
        if self._wrapped and code == "25001":
            return  # a BEGIN of the revision met ours
        if self._passing:
            self._notices.append(f"{code} {message}")

    def _told(self, error: BaseException | None) -> dict[str, Any]:
        """Give the statement's effects, as fields of `Statement`."""
        observer, names = self._observer, self._observer.names
        status = observer.status
        # After a rollback to a savepoint, what is gone is not this statement's doing.
        if status is _INSIDE and error is None and self._answer() != "ROLLBACK":
            told, observer.known = difference(self._before, observer.look(), self._known, names, observer.details)
            self._inside = True
            return told
        if status is not _IDLE or error is not None:
            observer.stale = True
            return {"held": locks(self._before.locks, self._known, names)}
        after = observer.look_outside({**self._before.locks, **self._seen})
        told, observer.known = difference(self._before, after, self._known, names, observer.details)
        if self._totals is not None:
            told["work"] = work(self._totals, observer.totals(), names)
        return told


def _code(error: BaseException | None) -> str | None:
    """The SQLSTATE, as psycopg and asyncpg name it, and psycopg2."""
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
