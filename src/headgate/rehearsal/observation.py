"""Ask a session what it holds and what it has done, in one round trip.

Locks: https://www.postgresql.org/docs/current/view-pg-locks.html
Files: `pg_class.relfilenode`, https://www.postgresql.org/docs/current/catalog-pg-class.html
Rows: https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-FUNCTIONS-TABLE (`pg_stat_get_xact_*`)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from headgate.rehearsal.trace import Lock, Work

__all__ = ["Observer", "Relation", "State", "locks_of"]

Execute = Callable[..., Any]

_FIRST_USER_OID = 16384  # FirstNormalObjectId, src/include/access/transam.h
_NAME = "CASE n.nspname WHEN 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname)"
_KINDS = {
    "f": "foreign table",
    "i": "index",
    "I": "index",
    "m": "materialized view",
    "p": "table",
    "r": "table",
    "S": "sequence",
    "t": "TOAST table",
    "v": "view",
}
_TIMEOUTS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")

_RELATIONS = f"""
SELECT c.oid::bigint, {_NAME}, c.relkind::text, c.relfilenode::bigint, coalesce(i.indrelid, 0)::bigint
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE c.oid >= {_FIRST_USER_OID} AND c.relkind <> 'c'
"""  # noqa: S608

_STATE = f"""
WITH held AS MATERIALIZED (
  SELECT l.relation, json_agg(DISTINCT l.mode) AS modes FROM pg_catalog.pg_locks l
  WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.relation >= {_FIRST_USER_OID}
  GROUP BY l.relation)
SELECT pg_catalog.json_build_array(
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(h.relation::bigint, h.modes, {_NAME}, c.relkind,
     c.relfilenode::bigint, coalesce(i.indrelid, 0)::bigint,
     c.relkind IN ('r', 'm') AND pg_catalog.pg_relation_size(c.oid) = 0,
     CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.json_build_array(
       pg_catalog.pg_stat_get_xact_tuples_returned(h.relation), pg_catalog.pg_stat_get_xact_tuples_inserted(h.relation),
       pg_catalog.pg_stat_get_xact_tuples_updated(h.relation), pg_catalog.pg_stat_get_xact_tuples_deleted(h.relation)) END))
   FROM held h LEFT JOIN pg_catalog.pg_class c ON c.oid = h.relation
   LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid),
  pg_catalog.json_build_object({", ".join(
    f"'{name}', (extract(epoch FROM pg_catalog.current_setting('{name}')::interval) * 1000)::bigint::text"
    for name in _TIMEOUTS)},
   'TimeZone', pg_catalog.current_setting('TimeZone'), 'search_path', pg_catalog.current_setting('search_path')))::text
"""  # noqa: S608


_LOCKS = """
SELECT relation::bigint, array_agg(DISTINCT mode) FROM pg_catalog.pg_locks
WHERE pid = %s AND locktype = 'relation' AND granted AND relation >= %s GROUP BY relation
"""


@dataclass(frozen=True)
class Relation:
    """A relation as it is now: `file` is its relfilenode, `table` the oid of an index's table, `empty` its size on disk."""

    name: str
    kind: str
    file: int
    table: int
    empty: bool = False


@dataclass(frozen=True)
class State:
    """What a session holds and has done in its transaction.

    Args:
        locks: the modes held on each relation, by oid.
        relations: what is locked, by oid; a dropped relation is missing.
        counters: rows read, inserted, updated and deleted since the transaction began, by oid.
        settings: as in `Statement.settings`.
    """

    locks: Mapping[int, frozenset[str]] = field(default_factory=dict)
    relations: Mapping[int, Relation] = field(default_factory=dict)
    counters: Mapping[int, tuple[int, int, int, int]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


class Observer:
    """Looks at one session over its own connection.

    Args:
        connection: a psycopg connection.
        execute: psycopg's own `Cursor.execute`, which nobody watches.
    """

    def __init__(self, connection: psycopg.Connection[Any], execute: Execute) -> None:
        self._connection, self.execute = connection, execute
        self.known = self._relations()
        self.state = State()

    def send(self, statement: str) -> None:
        """Send a statement that nobody watches."""
        with psycopg.Cursor(self._connection) as cursor:
            self.execute(cursor, statement)

    def begin(self) -> None:
        """Look before the first statement of a transaction: the counters may still hold the one before."""
        self.look()

    def look(self) -> State:
        """Ask the session for its state, and remember it."""
        (text,) = self._rows(_STATE)[0]
        rows, settings = json.loads(text)
        locks, relations, counters = {}, {}, {}
        for oid, modes, name, kind, file, table, empty, counted in rows or ():
            locks[oid] = frozenset(_mode(mode) for mode in modes)
            if name is not None:
                relations[oid] = Relation(name, _KINDS.get(kind, kind), file, table, empty)
            if counted:
                counters[oid] = tuple(counted)
        self.state = State(locks, relations, counters, settings)
        return self.state

    def after(self, locks: Mapping[int, frozenset[str]]) -> State:
        """Give the state after a statement that ran outside a transaction, with the locks that another session saw."""
        self.state = State(locks, self._relations(), {}, self.state.settings)
        return self.state

    def difference(self, before: State) -> dict[str, Any]:
        """Give what has happened since an earlier state, as fields of `Statement`; then take the new state over."""
        after, known = self.state, self.known
        now = after.relations
        replaced = {oid for oid, one in now.items() if oid in known and one.file and known[oid].file != one.file}
        tables = {oid for oid in replaced if now[oid].kind in {"table", "materialized view"}}
        work = []
        for oid, counted in after.counters.items():
            earlier = before.counters.get(oid, (0, 0, 0, 0))
            change = [max(0, there - was) for there, was in zip(counted, earlier, strict=True)]
            if any(change):
                work.append(Work(now[oid].name, *change))
        told = {
            "locks": self._locks({oid: modes - before.locks.get(oid, frozenset()) for oid, modes in after.locks.items()}),
            "held": self._locks(after.locks),
            "rewritten": tuple(sorted(now[oid].name for oid in tables if not now[oid].empty)),
            "truncated": tuple(sorted(now[oid].name for oid in tables if now[oid].empty)),
            "reindexed": tuple(
                sorted(now[oid].name for oid in replaced if now[oid].kind == "index" and now[oid].table not in tables)
            ),
            "built": tuple(
                sorted(
                    (one.name, owner.name)
                    for oid, one in now.items()
                    if one.kind == "index" and oid not in known and (owner := now.get(one.table) or known.get(one.table))
                )
            ),
            "work": tuple(sorted(work, key=lambda one: one.relation)),
        }
        self.known.update(now)
        return told

    def _relations(self) -> dict[int, Relation]:
        return {
            oid: Relation(name, _KINDS.get(kind, kind), file, table)
            for oid, name, kind, file, table in self._rows(_RELATIONS)
        }

    def _locks(self, modes: Mapping[int, Iterable[str]]) -> tuple[Lock, ...]:
        found = [
            Lock(relation.name, relation.kind, mode)
            for oid, held in modes.items()
            if (relation := self.state.relations.get(oid) or self.known.get(oid)) and relation.kind != "TOAST table"
            for mode in held
        ]
        return tuple(sorted(found, key=lambda lock: (lock.relation, lock.strength)))

    def _rows(self, query: str) -> list[Any]:
        with psycopg.Cursor(self._connection, row_factory=psycopg.rows.tuple_row) as cursor:
            self.execute(cursor, query)
            return cursor.fetchall()


def locks_of(connection: psycopg.Connection[Any], pid: int, execute: Execute) -> list[tuple[int, frozenset[str]]]:
    """Give the relation locks that a session holds at this moment, by oid.

    Args:
        connection: another session on the same database.
        pid: the process id of the session's backend.
        execute: psycopg's own `Cursor.execute`, which nobody watches.
    """
    with psycopg.Cursor(connection) as cursor:
        execute(cursor, _LOCKS, (pid, _FIRST_USER_OID))
        return [(oid, frozenset(_mode(mode) for mode in modes)) for oid, modes in cursor.fetchall()]


def _mode(name: str) -> str:
    """Turn pg_locks' `ShareUpdateExclusiveLock` into the manual's `SHARE UPDATE EXCLUSIVE`."""
    spelled = "".join(f" {sign}" if sign.isupper() else sign for sign in name.removesuffix("Lock"))
    return spelled.strip().upper()
