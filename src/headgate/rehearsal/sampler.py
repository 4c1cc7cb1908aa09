"""Read the locks of a statement that is in no transaction, from a second session while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from headgate.rehearsal.observation import FIRST_USER_OID, PREDICATE_LOCK, mode

__all__ = ["sampled"]

_LOCKS = f"""SELECT CASE WHEN locktype = 'relation' AND relation >= {FIRST_USER_OID} THEN relation END, mode, granted
FROM pg_lock_status() WHERE pid = %d AND mode <> '{PREDICATE_LOCK}'"""
_TABLES = f"""SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= {FIRST_USER_OID} AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'"""


@contextmanager
def sampled(connection: psycopg.BaseConnection[Any]) -> Iterator[dict[int, frozenset[str]]]:
    """Watch a session's locks until the block ends.

    The second session holds ROW EXCLUSIVE on every table, as a client that writes does. Whatever blocks writers, and
    whatever waits until they are done, as CREATE INDEX CONCURRENTLY does, stands still there; it is looked at, and let
    go. So what is seen does not depend on how fast this machine is. After that, locks that are held for less than the
    time between two looks can be missed.

    Args:
        connection: the session that runs the statement.

    Yields:
        The modes seen on each relation, by oid; complete when the block has ended.
    """
    seen: dict[int, frozenset[str]] = {}
    ended = threading.Event()
    parameters: dict[str, Any] = {**connection.info.get_parameters(), "password": connection.info.password}

    with psycopg.connect(**parameters, autocommit=True) as second:
        server = second.pgconn
        server.prepare(b"locks", (_LOCKS % connection.info.backend_pid).encode())
        tables = server.exec_(_TABLES.encode()).get_value(0, 0)
        server.exec_(b"BEGIN")
        if tables:
            # Where the revision itself has locked one, this fails, and there is nothing to wait for.
            server.exec_(b"LOCK TABLE " + tables + b" IN ROW EXCLUSIVE MODE NOWAIT")
            if server.transaction_status == psycopg.pq.TransactionStatus.INERROR:
                server.exec_(b"ROLLBACK")

        def look() -> None:
            looked = server.exec_prepared(b"locks", [])
            waits = False
            for row in range(looked.ntuples):
                relation, name, granted = (looked.get_value(row, column) for column in range(3))
                waits |= granted == b"f"
                if relation is not None:
                    oid = int(relation)
                    seen[oid] = seen.get(oid, frozenset()) | {mode((name or b"").decode())}
            if waits and server.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
                server.exec_(b"ROLLBACK")

        def watch() -> None:
            while not ended.is_set():
                look()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            ended.set()
            thread.join()
