"""Ask a session what it has locked and what it has done, in one round trip and over its own connection.

Only there can a transaction's uncommitted work be seen. Nothing is prepared on the server and no cursor of psycopg is
used, so that the session stays as the revision knows it.

Locks: https://www.postgresql.org/docs/current/view-pg-locks.html
Files: `relfilenode`, https://www.postgresql.org/docs/current/catalog-pg-class.html
Rows: `pg_stat_get_xact_*`, https://www.postgresql.org/docs/current/monitoring-stats.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus

from headgate.errors import HeadgateError

__all__ = ["FIRST_USER_OID", "PREDICATE_LOCK", "Counters", "Names", "Observer", "Relation", "State", "mode"]

Row = list[str | None]
Counters = tuple[int, ...]  # rows read by scans, fetched through an index, inserted, updated, deleted

FIRST_USER_OID = 16384  # FirstNormalObjectId, src/include/access/transam.h
PREDICATE_LOCK = "SIReadLock"  # of a serializable transaction; nobody waits for it
_KINDS = {
    "f": "foreign table",
    "i": "index",
    "I": "index",
    "m": "materialized view",
    "p": "table",
    "r": "table",
    "S": "sequence",
    "v": "view",
}
_WITH_ROWS = {"table", "materialized view", "foreign table"}
_NAMED_IN_ROWS = _WITH_ROWS | {"view"}
_TOAST = "pg_toast"  # a TOAST table shares its table's fate
_COUNTED = ("returned", "fetched", "inserted", "updated", "deleted")
_TIMEOUTS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
_OTHERS = ("TimeZone", "search_path")
_MILLISECONDS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}

# A session that has just begun looks up every function, type and operator that a query names, and that is most of what
# tracing costs. So these name few, and SHOW, which plans nothing, reads the settings.
_SETTINGS = ";".join(f"SHOW {name}" for name in (*_TIMEOUTS, *_OTHERS))
_PENDING = ", ".join(f"pg_stat_get_xact_tuples_{what}(c.oid)" for what in _COUNTED)
_IDENTITY = "quote_ident(c.relname), c.relnamespace::regnamespace, c.relkind, c.relfilenode"
_LOCKS = f"""SELECT l.virtualtransaction, l.relation, l.mode, {_IDENTITY}, {_PENDING.replace("c.oid", "l.relation")}
FROM pg_lock_status() l LEFT JOIN pg_class c ON c.oid = l.relation WHERE l.pid = pg_backend_pid()"""
_RELATIONS = f"SELECT c.oid, {_IDENTITY}, {_PENDING} FROM pg_class c WHERE c.oid >= {FIRST_USER_OID}"
# What a transaction counted is kept back for up to a second and would show up in the next one. Asked for inside it,
# it is handed over when it ends. The function came with PostgreSQL 15.
_HAND_OVER = "SELECT pg_stat_force_next_flush()"
_DETAILS = """SELECT c.oid, i.indrelid, CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) END
FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE c.oid = ANY ('{%s}')"""
_TOTALS = f"""SELECT c.oid, {
    ", ".join(f"pg_stat_get_tuples_{what}(c.oid) + pg_stat_get_xact_tuples_{what}(c.oid)" for what in _COUNTED)
} FROM pg_class c WHERE c.oid >= {FIRST_USER_OID} AND c.relkind IN ('r', 'm', 'p', 'f')"""


@dataclass(frozen=True)
class Relation:
    """A relation as it is now; `file` is its relfilenode."""

    name: str
    kind: str
    file: int


@dataclass(frozen=True)
class State:
    """What a session holds and has done in its transaction.

    Args:
        transaction: what the server tells the transaction from others by; empty outside one.
        settings: as in `Statement.settings`.
        locks: the modes held on each relation, by oid.
        relations: what is locked, by oid; a dropped relation is missing.
        counters: what was counted since the transaction began, by oid.
        complete: whether `relations` holds every relation that there is.
    """

    transaction: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    locks: Mapping[int, frozenset[str]] = field(default_factory=dict)
    relations: Mapping[int, Relation] = field(default_factory=dict)
    counters: Mapping[int, Counters] = field(default_factory=dict)
    complete: bool = False


class Names:
    """What each relation is called throughout a trace: as it was called when it was first seen.

    A table that the revision renames stays the table that was there before; another that takes over its name is not.
    """

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._old: frozenset[str] | None = None

    def learn(self, relations: Mapping[int, Relation]) -> None:
        """Take over the names of relations; those given first were there before."""
        for oid, one in relations.items():
            taken = self._old is not None and one.kind in _NAMED_IN_ROWS and one.name in self._old
            self._names.setdefault(oid, f"{one.name} (new)" if taken else one.name)
        if self._old is None:
            self._old = frozenset(self._names.values())

    def __getitem__(self, oid: int) -> str:
        return self._names[oid]


class Observer:
    """Looks at one session over its own connection.

    Args:
        connection: a connection of psycopg, asynchronous ones included.
        names: what relations are called in the trace.
    """

    def __init__(self, connection: psycopg.BaseConnection[Any], names: Names) -> None:
        self.names = names
        self._connection, self._pgconn = connection, connection.pgconn
        self._queries = [*_SETTINGS.split(";"), _LOCKS]
        if connection.info.server_version >= 150000:
            self._queries.insert(0, _HAND_OVER)
        self.known: dict[int, Relation] = {}
        self.state = State()
        self.stale = True

    @property
    def status(self) -> TransactionStatus:
        """Where the session stands; `UNKNOWN` when it is gone."""
        return TransactionStatus(self._pgconn.transaction_status)

    def begin(self) -> None:
        """Take the state before a statement: what is left of earlier ones must not be told as its doing."""
        if self.stale:
            self._read_all()
            self.stale = False
        if self.status is TransactionStatus.IDLE:
            # What was counted has been handed over, and no lock outlives its transaction.
            self.state = State(settings=self.state.settings)

    def look(self) -> State:
        """Read the state inside a transaction."""
        *_, locks = answers = self._ask(*self._queries)
        self.state = self._state(answers, locks)
        return self.state

    def look_outside(self, locks: Mapping[int, frozenset[str]]) -> State:
        """Read the state after a statement that was not, or is no longer, in a transaction.

        Args:
            locks: what another session saw it hold.
        """
        transaction = self.state.transaction
        self._read_all()
        self.state = State(transaction, self.state.settings, locks, self.known, complete=True)
        return self.state

    def details(self, oids: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Give the table of each index and the size in bytes of each table, by oid."""
        wanted = ",".join(str(oid) for oid in oids)
        if not wanted:
            return {}
        (rows,) = self._ask(_DETAILS % wanted)
        return {int(oid or 0): (int(table or 0), int(size or 0)) for oid, table, size in rows}

    def totals(self) -> dict[int, Counters]:
        """Give all that was ever counted for each table; only outside a transaction is that up to date."""
        (rows,) = self._ask(_TOTALS)
        return {int(oid or 0): _numbers(counted) for oid, *counted in rows}

    def send(self, statement: str) -> None:
        """Send a statement that nobody watches.

        Raises:
            psycopg.Error: the server refused it.
        """
        result = self._pgconn.exec_(statement.encode())
        if result.status not in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
            raise psycopg.errors.error_from_result(result, encoding=self._connection.info.encoding)

    def _read_all(self) -> None:
        *answers, relations = self._ask(*self._queries, _RELATIONS)
        self.known, counters = {}, {}
        for oid, name, schema, kind, file, *counted in relations:
            if kind in _KINDS and schema != _TOAST:
                self.known[int(oid or 0)] = one = _relation(name, schema, kind, file)
                if one.kind in _WITH_ROWS:
                    counters[int(oid or 0)] = _numbers(counted)
        self.names.learn(self.known)
        self.state = replace(self._state(answers, answers[-1]), counters=counters)

    def _state(self, answers: list[list[Row]], rows: list[Row]) -> State:
        settings = [answer[0][0] or "" for answer in answers[-1 - len(_TIMEOUTS) - len(_OTHERS) : -1]]
        told = {
            name: value if name in _OTHERS else _milliseconds(value)
            for name, value in zip(_TIMEOUTS + _OTHERS, settings, strict=True)
        }
        locks: dict[int, set[str]] = {}
        relations, counters = {}, {}
        for _, relation, name_of_mode, name, schema, kind, file, *counted in rows:
            oid = int(relation or 0)
            if oid < FIRST_USER_OID or name_of_mode == PREDICATE_LOCK or schema == _TOAST:
                continue
            locks.setdefault(oid, set()).add(mode(name_of_mode or ""))
            if kind in _KINDS:
                relations[oid] = _relation(name, schema, kind, file)
            one = relations.get(oid) or self.known.get(oid)
            if one and one.kind in _WITH_ROWS:
                counters[oid] = _numbers(counted)
        held = {oid: frozenset(modes) for oid, modes in locks.items()}
        return State(rows[0][0] or "", told, held, relations, counters)

    def _ask(self, *queries: str) -> list[list[Row]]:
        self._pgconn.send_query(";".join(queries).encode())
        answers: list[list[Row]] = []
        failure = None
        while (result := self._pgconn.get_result()) is not None:
            if result.status == ExecStatus.TUPLES_OK:
                answers.append(
                    [
                        [_text(result.get_value(row, column)) for column in range(result.nfields)]
                        for row in range(result.ntuples)
                    ]
                )
            else:
                failure = result.get_error_message()
        if failure is not None or len(answers) < len(queries):
            raise HeadgateError(
                f"What the revision did cannot be read from its own session: {failure or 'the session has ended'}",
                "Let the revision leave the session able to read pg_catalog, with a statement_timeout above 1 ms.",
            )
        return answers


def mode(name: str) -> str:
    """Turn pg_locks' `ShareUpdateExclusiveLock` into the manual's `SHARE UPDATE EXCLUSIVE`."""
    return "".join(f" {sign}" if sign.isupper() else sign for sign in name.removesuffix("Lock")).strip().upper()


def _milliseconds(setting: str) -> str:
    """Turn a time as SHOW spells it, `2s` or `1min`, into milliseconds."""
    number = setting.rstrip("abcdefghijklmnopqrstuvwxyz")
    return str(int(number) * _MILLISECONDS.get(setting[len(number) :], 1))


def _relation(name: str | None, schema: str | None, kind: str, file: str | None) -> Relation:
    return Relation(f"{name}" if schema == "public" else f"{schema}.{name}", _KINDS[kind], int(file or 0))


def _numbers(texts: Iterable[str | None]) -> Counters:
    return tuple(int(text or 0) for text in texts)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")
