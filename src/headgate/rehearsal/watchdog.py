"""Give up on a move in which nothing happens any more: a statement that is not answered, or Python that goes round.

What happens is asked of the server, once the time is up and not before: it knows of every statement, whatever driver
sent it. https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from headgate.rehearsal.child import Line
from headgate.rehearsal.isolation import connect
from headgate.rehearsal.lines import caller
from headgate.rehearsal.model import Failure, Move

__all__ = ["Watchdog"]

_TICK_SECONDS = 1.0
# To say where a move hangs takes a moment, also on a busy machine.
_GRACE_SECONDS = 10.0

# A session that shares another's lock group is a parallel worker of it.
_ACTIVITY = """
SELECT state = 'active' AS active, extract(epoch FROM clock_timestamp() - state_change)::float8 AS seconds, query,
       wait_event_type = 'Lock' AND cardinality(pg_catalog.pg_blocking_pids(pid)) > 0 AS waits
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'
  AND state_change IS NOT NULL
ORDER BY state_change
"""
_END = """
SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
"""


class _Session(NamedTuple):
    """A session of the move: what it does, or did last, and since when."""

    active: bool
    seconds: float
    query: str
    waits: bool


class Watchdog:
    """Watches the moves of one process, from a thread of its own.

    Args:
        seconds: how long a statement, or the Python between two of them, may take.
        line: the way to the caller.
        url: the database, as a SQLAlchemy URL.
        folder: the project's; where it hangs is the innermost line in a file below it.
        answer: gives the process's result, from the move that was given up and why.
    """

    def __init__(
        self, seconds: int, line: Line, url: str, folder: Path, answer: Callable[[Move, Failure], object]
    ) -> None:
        self._seconds, self._line, self._url, self._folder, self._answer = seconds, line, url, folder, answer
        self._move: Move | None = None
        self._revision: Callable[[], str | None] = lambda: None
        self._since: float | None = None
        self._thread: threading.Thread | None = None
        # Held while a move is given up. Its sessions are ended then, and what the move makes of that is no answer.
        self._ending = threading.Lock()

    @contextmanager
    def watching(self, move: Move, revision: Callable[[], str | None]) -> Iterator[None]:
        """Watch a move for the length of a block.

        Args:
            move: the move.
            revision: gives the id of the revision that runs.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="headgate watchdog", daemon=True)
            self._thread.start()
        self._move, self._revision, self._since = move, revision, time.monotonic()
        self._line.watched(self._seconds + _GRACE_SECONDS)
        try:
            yield
        finally:
            with self._ending:
                self._since = None
            self._line.watched(None)

    def _watch(self) -> None:
        while True:
            time.sleep(min(_TICK_SECONDS, self._seconds / 2))
            since = self._since
            if since is None:
                continue
            self._line.watched(self._seconds + _GRACE_SECONDS)
            if time.monotonic() - since < self._seconds:
                continue
            sessions = self._sessions()
            hung = next((one for one in sessions if one.active and one.seconds >= self._seconds), None)
            quiet = min((one.seconds for one in sessions), default=float("inf"))
            with self._ending:
                if self._since != since:
                    continue
                if hung is None and quiet < self._seconds:
                    self._since = time.monotonic() - quiet
                    continue
                self._give_up(hung)

    def _give_up(self, hung: _Session | None) -> None:
        path, line = self._place()
        if hung is None:
            error = f"no statement was sent for {self._seconds} s: it goes round for ever, or takes too long"
        else:
            waits = ", because it waits for a lock that another connection holds" if hung.waits else ""
            error = f"not answered within {self._seconds} s{waits}"
        failure = Failure(
            error=error,
            # https://www.postgresql.org/docs/current/errcodes-appendix.html: query_canceled
            sqlstate=None if hung is None else "57014",
            revision=self._revision(),
            path=path,
            line=line,
            statement=None if hung is None else hung.query.strip(),
            gave_up=True,
        )
        assert self._move is not None
        result = self._answer(self._move, failure)
        with suppress(Exception), connect(self._url) as own:
            own.execute(_END)  # a backend does not notice that its client has gone until it has something to say
        self._line.answer(result)

    def _sessions(self) -> list[_Session]:
        with suppress(Exception), connect(self._url) as own:
            return [_Session(*row) for row in own.execute(_ACTIVITY).fetchall()]
        return []

    def _place(self) -> tuple[str | None, int | None]:
        """The innermost line of the project's own code that the main thread is in."""
        innermost = sys._current_frames().get(threading.main_thread().ident or 0)
        for frame in _frames(innermost):
            name = frame.f_code.co_filename
            if Path(name).is_relative_to(self._folder) and "site-packages" not in name:
                return name, frame.f_lineno
        return None, None


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames of a stack from the inside; where an event loop waits, those of its tasks go before it."""
    while frame is not None:
        loop = frame.f_locals.get("self") if frame.f_code.co_name == "run_forever" else None
        if isinstance(loop, asyncio.AbstractEventLoop):
            for task in asyncio.all_tasks(loop):
                yield from _awaited(task.get_coro())
        yield frame
        frame = caller(frame)


def _awaited(coroutine: Any) -> Iterator[FrameType]:
    found: list[FrameType] = []
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        if frame.f_code.co_name == "greenlet_spawn":
            waiting = getattr(frame.f_locals.get("context"), "gr_frame", None)
            yield from _frames(waiting)
        found.append(frame)
        coroutine = coroutine.cr_await
    yield from reversed(found)
