"""Read the locks of a statement that is in no transaction, from a second session while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from headgate.rehearsal.observation import FIRST_USER_OID, mode

__all__ = ["sampled"]

_QUERY = f"""SELECT relation, mode FROM pg_lock_status()
WHERE pid = %d AND locktype = 'relation' AND granted AND relation >= {FIRST_USER_OID}"""


@contextmanager
def sampled(connection: psycopg.BaseConnection[Any]) -> Iterator[dict[int, frozenset[str]]]:
    """Watch a session's locks until the block ends.

    It is looked at some 5,000 times a second; a lock that is held for less can be missed, and a lock that work is done
    under is held for longer.

    Args:
        connection: the session that runs the statement.

    Yields:
        The modes seen on each relation, by oid; complete when the block has ended.
    """
    seen: dict[int, frozenset[str]] = {}
    started, ended = threading.Event(), threading.Event()
    parameters: dict[str, Any] = {**connection.info.get_parameters(), "password": connection.info.password}
    query = (_QUERY % connection.info.backend_pid).encode()

    with psycopg.connect(**parameters, autocommit=True) as second:
        second.pgconn.prepare(b"locks", query)

        def watch() -> None:
            while not ended.is_set():
                result = second.pgconn.exec_prepared(b"locks", [])
                for row in range(result.ntuples):
                    oid, name = int(result.get_value(row, 0) or 0), (result.get_value(row, 1) or b"").decode()
                    seen[oid] = seen.get(oid, frozenset()) | {mode(name)}
                started.set()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        started.wait()
        try:
            yield seen
        finally:
            ended.set()
            thread.join()
