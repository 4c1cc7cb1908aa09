"""Read the locks of a statement that is in no transaction, from a second session while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from headgate.rehearsal.session import Session
from headgate.rehearsal.state import FIRST_USER_OID, PREDICATE_LOCK, mode

__all__ = ["Sampler"]

_LOCKS = (
    """SELECT CASE locktype WHEN 'relation' THEN relation END, mode, granted FROM pg_lock_status() WHERE pid = $1"""
)
_TABLES = f"""SELECT string_agg(format('%%I.%%I', n.nspname, c.relname), ', ')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= {FIRST_USER_OID} AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
    AND c.oid <> ALL ('{{%s}}')"""
_INSIDE, _FAILED = psycopg.pq.TransactionStatus.INTRANS, psycopg.pq.TransactionStatus.INERROR


class Sampler:
    """Two sessions of headgate's own, opened when they are needed first and kept for the next time."""

    def __init__(self) -> None:
        self._sessions: list[psycopg.Connection[Any]] = []

    @contextmanager
    def watching(self, watched: Session) -> Iterator[dict[int, frozenset[str]]]:
        """Watch a session's locks until the block ends.

        A second session holds ROW EXCLUSIVE on every table, as a client that writes does. Whatever blocks writers,
        and whatever waits until they are done, as CREATE INDEX CONCURRENTLY does, stands still there; it is looked at,
        and let go. A third session has by then taken over the tables that it has not come to, because REINDEX SCHEMA
        takes one after the other. So what is seen does not depend on how fast this machine is. Of a table that was
        let go, locks that are held for less than the time between two looks can be missed.

        Args:
            watched: the session that runs the statement.

        Yields:
            The modes seen on each relation, by oid; complete when the block has ended.
        """
        server, other = self._servers(watched)
        seen: dict[int, frozenset[str]] = {}
        ended = threading.Event()
        process = str(watched.process).encode()

        def look() -> None:
            nonlocal server, other
            known = len(seen)
            looked = server.exec_prepared(b"locks", [process])
            waits = False
            for row in range(looked.ntuples):
                relation, name, granted = (looked.get_value(row, column) for column in range(3))
                waits |= granted == b"f"
                oid = int(relation or 0)
                if oid >= FIRST_USER_OID and (name_of_mode := (name or b"").decode()) != PREDICATE_LOCK:
                    seen[oid] = seen.get(oid, frozenset()) | {mode(name_of_mode)}
            if waits and server.transaction_status == _INSIDE:
                if len(seen) > known:
                    _hold(other, seen)
                server.exec_(b"ROLLBACK")
                server, other = other, server

        def watch() -> None:
            while not ended.is_set():
                look()

        _hold(server, ())
        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            ended.set()
            thread.join()
            server.exec_(b"ROLLBACK")

    def _servers(self, watched: Session) -> list[psycopg.pq.abc.PGconn]:
        dead = psycopg.pq.ExecStatus.FATAL_ERROR
        if not self._sessions or any(one.pgconn.exec_(b"").status == dead for one in self._sessions):
            self._sessions = [psycopg.connect(**watched.parameters(), autocommit=True) for _ in range(2)]
            for session in self._sessions:
                session.pgconn.prepare(b"locks", _LOCKS.encode())
        return [session.pgconn for session in self._sessions]


def _hold(server: psycopg.pq.abc.PGconn, let_go: Iterable[int]) -> None:
    tables = server.exec_((_TABLES % ",".join(map(str, let_go))).encode()).get_value(0, 0)
    if tables:
        server.exec_(b"BEGIN")
        # Where the revision itself has locked one, this fails, and there is nothing to wait for.
        server.exec_(b"LOCK TABLE " + tables + b" IN ROW EXCLUSIVE MODE NOWAIT")
        if server.transaction_status == _FAILED:
            server.exec_(b"ROLLBACK")
