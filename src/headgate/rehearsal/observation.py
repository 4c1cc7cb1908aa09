"""Ask a session what it has locked and what it has done, in one round trip and over its own connection.

Only there can a transaction's uncommitted work be seen. Nothing is prepared on the server and no cursor of psycopg is
used, so that the session stays as the revision knows it.

Locks: https://www.postgresql.org/docs/current/view-pg-locks.html
Files: `relfilenode`, https://www.postgresql.org/docs/current/catalog-pg-class.html
Rows: `pg_stat_get_xact_*`, https://www.postgresql.org/docs/current/monitoring-stats.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from psycopg.pq import TransactionStatus

from headgate.catalog import Catalog
from headgate.catalog.partial import COUNTED, changed, written
from headgate.catalog.snapshot import pins, statement
from headgate.rehearsal.session import Row, Session
from headgate.rehearsal.state import (
    FIRST_USER_OID,
    KINDS,
    PREDICATE_LOCK,
    WITH_ROWS,
    Counters,
    Names,
    Relation,
    State,
    mode,
)

__all__ = ["Observer"]

_TOAST = "pg_toast"  # a TOAST table shares its table's fate; a temporary one's schema is pg_toast_temp_1
_COUNTED = ("returned", "fetched", "inserted", "updated", "deleted")
_TIMEOUTS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
_OTHERS = ("TimeZone", "search_path")
_MILLISECONDS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}

# A session that has just begun looks up every function, type and operator that a query names, and that is most of what
# tracing costs. So these name few, and SHOW, which plans nothing, reads the settings.
_SETTINGS = ";".join(f"SHOW {name}" for name in (*_TIMEOUTS, *_OTHERS))
_PINNED = pins({"statement_timeout": "0"})
_PENDING = ", ".join(f"pg_stat_get_xact_tuples_{what}(c.oid)" for what in _COUNTED)
_IDENTITY = "quote_ident(c.relname), c.relnamespace::regnamespace, c.relkind, c.relfilenode"
_LOCKS = f"""SELECT l.virtualtransaction, l.relation, l.mode, {_IDENTITY}, {_PENDING.replace("c.oid", "l.relation")}
FROM pg_lock_status() l LEFT JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND (l.relation >= {FIRST_USER_OID} OR l.locktype = 'virtualxid')"""
_RELATIONS = (
    f"SELECT c.oid, {_IDENTITY}, {_PENDING} FROM pg_class c WHERE c.oid >= {FIRST_USER_OID} AND c.relkind <> 't'"
)
# What a transaction counted is kept back for up to a second and would show up in the next one. Asked for inside it,
# it is handed over when it ends. The function came with PostgreSQL 15.
_HAND_OVER = "SELECT pg_stat_force_next_flush()"
_DETAILS = """SELECT c.oid, i.indrelid, CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) END
FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE c.oid = ANY ('{%s}')"""
_TOTALS = f"""SELECT c.oid, {
    ", ".join(f"pg_stat_get_tuples_{what}(c.oid) + pg_stat_get_xact_tuples_{what}(c.oid)" for what in _COUNTED)
} FROM pg_class c WHERE c.oid >= {FIRST_USER_OID} AND c.relkind IN ('r', 'm', 'p', 'f')"""


class Observer:
    """Looks at one session over its own connection.

    Args:
        session: the session.
        names: what relations are called in the trace.
    """

    def __init__(self, session: Session, names: Names) -> None:
        self.session, self.names = session, names
        self._queries = [COUNTED, *_SETTINGS.split(";"), _LOCKS]
        if session.version >= 150000:
            self._queries.insert(0, _HAND_OVER)
        self.known: dict[int, Relation] = {}
        self.state = State()
        self.stale = True

    @property
    def status(self) -> TransactionStatus:
        """Where the session stands; `UNKNOWN` when it is gone."""
        return self.session.status

    def begin(self) -> bool:
        """Take the state before a statement: what is left of earlier ones must not be told as its doing.

        Returns:
            Whether something was written to the schema that nobody watched.
        """
        unseen = False
        if self.stale:
            earlier = self.state
            self._read_all()
            self.stale = False
            same = earlier.transaction == self.state.transaction
            unseen = changed(written(earlier.writes if same else {}, self.state.writes)) != frozenset()
        if self.status is TransactionStatus.IDLE:
            # What was counted has been handed over, and no lock outlives its transaction.
            self.state = State(settings=self.state.settings)
        return unseen

    def look(self) -> State:
        """Read the state inside a transaction."""
        *_, locks = answers = self.session.ask(*self._queries)
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
        (rows,) = self.session.ask(_DETAILS % wanted)
        return {int(oid or 0): (int(table or 0), int(size or 0)) for oid, table, size in rows}

    def totals(self) -> dict[int, Counters]:
        """Give all that was ever counted for each table; only outside a transaction is that up to date."""
        (rows,) = self.session.ask(_TOTALS)
        return {int(oid or 0): _numbers(counted) for oid, *counted in rows}

    def catalog(
        self, ignore: tuple[str, str], families: Iterable[str] | None = None, oids: Collection[int] | None = None
    ) -> Catalog:
        """Read the schema as the session sees it, and leave no trace of that in it.

        A view's definition is printed under a lock on what it reads. A savepoint that is rolled back lets go of that,
        and of the settings. https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES

        Args:
            ignore: the table that is no part of it.
            families: those to read; `None` for everything.
            oids: the relations to which it is narrowed; `None` for all.
        """
        inside = self.status is TransactionStatus.INTRANS
        query = statement(self.session.version // 10000, [ignore], families, oids, pinned=not inside)
        (*_, rows) = self.session.ask_aside(_PINNED, query) if inside else self.session.ask(query)
        return Catalog.from_rows(rows[0][0] or "[]")

    def _read_all(self) -> None:
        *answers, relations = self.session.ask(*self._queries, _RELATIONS)
        self.known, counters = {}, {}
        for oid, name, schema, kind, file, *counted in relations:
            if kind in KINDS and not (schema or "").startswith(_TOAST):
                self.known[int(oid or 0)] = one = _relation(name, schema, kind, file)
                if one.kind in WITH_ROWS:
                    counters[int(oid or 0)] = _numbers(counted)
        self.names.learn(self.known)
        self.state = replace(self._state(answers, answers[-1]), counters=counters)

    def _state(self, answers: list[list[Row]], rows: list[Row]) -> State:
        counts = {str(name): _numbers(counted) for name, *counted in answers[-2 - len(_TIMEOUTS) - len(_OTHERS)]}
        writes = {name: (counted[0], counted[1], counted[2]) for name, counted in counts.items() if any(counted)}
        settings = [answer[0][0] or "" for answer in answers[-1 - len(_TIMEOUTS) - len(_OTHERS) : -1]]
        told = {
            name: value if name in _OTHERS else _milliseconds(value)
            for name, value in zip(_TIMEOUTS + _OTHERS, settings, strict=True)
        }
        locks: dict[int, set[str]] = {}
        relations, counters = {}, {}
        for _, relation, name_of_mode, name, schema, kind, file, *counted in rows:
            oid = int(relation or 0)
            if oid < FIRST_USER_OID or name_of_mode == PREDICATE_LOCK:
                continue
            if (schema or "").startswith(_TOAST):
                continue
            locks.setdefault(oid, set()).add(mode(name_of_mode or ""))
            if kind in KINDS:
                relations[oid] = _relation(name, schema, kind, file)
            one = relations.get(oid) or self.known.get(oid)
            if one and one.kind in WITH_ROWS:
                counters[oid] = _numbers(counted)
        held = {oid: frozenset(modes) for oid, modes in locks.items()}
        return State(rows[0][0] or "", told, held, relations, counters, writes=writes)


def _milliseconds(setting: str) -> str:
    """Turn a time as SHOW spells it, `2s` or `1min`, into milliseconds."""
    number = setting.rstrip("abcdefghijklmnopqrstuvwxyz")
    return str(int(number) * _MILLISECONDS.get(setting[len(number) :], 1))


def _relation(name: str | None, schema: str | None, kind: str, file: str | None) -> Relation:
    return Relation(f"{name}" if schema == "public" else f"{schema}.{name}", KINDS[kind], int(file or 0))


def _numbers(texts: Iterable[str | None]) -> Counters:
    return tuple(int(text or 0) for text in texts)
