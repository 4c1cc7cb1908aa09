"""Read the locks of a statement that PostgreSQL refuses to run in a transaction, from a second session while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from headgate.rehearsal.observation import Observer, State, locks_of

__all__ = ["sampled"]

_PAUSE_SECONDS = 0.0005


@contextmanager
def sampled(connection: Any, observer: Observer) -> Iterator[Callable[[], State]]:
    """Watch a session's locks until the block ends.

    A lock that is held for less than a pause can be missed; what the statement leaves behind is read afterwards.

    Args:
        connection: the session that runs the statement.
        observer: what knows its relations.

    Yields:
        A function that ends the watch and gives what was seen.
    """
    seen: dict[int, frozenset[str]] = {}
    ended = threading.Event()
    pid = connection.info.backend_pid

    def watch() -> None:
        parameters = {**connection.info.get_parameters(), "password": connection.info.password}
        with psycopg.connect(**parameters, autocommit=True) as second:
            while not ended.is_set():
                for oid, modes in locks_of(second, pid, observer.execute):
                    seen[oid] = seen.get(oid, frozenset()) | modes
                ended.wait(_PAUSE_SECONDS)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()

    def result() -> State:
        ended.set()
        thread.join()
        return observer.after(seen)

    try:
        yield result
    finally:
        ended.set()
        thread.join()
