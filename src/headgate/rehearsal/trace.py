"""What each statement of a revision did to the server: the evidence that rules read.

Relation names are SQL names as in the catalog: quoted where they must be, without the schema when it is `public`.
Lock modes are spelled as in https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["MODES", "Lock", "Statement", "Trace", "Work"]

MODES = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
"""Table locks from the weakest to the strongest; from SHARE on, writers wait; behind ACCESS EXCLUSIVE readers do too."""


@dataclass(frozen=True)
class Lock:
    """A lock that was granted.

    Args:
        relation: what is locked.
        kind: `table`, `index`, `view`, `materialized view`, `sequence`, `foreign table` or `TOAST table`.
        mode: one of `MODES`.
    """

    relation: str
    kind: str
    mode: str

    @property
    def strength(self) -> int:
        """The mode's place in `MODES`."""
        return MODES.index(self.mode)

    @property
    def blocks(self) -> str:
        """What waits behind it, as in `INSERT, UPDATE, DELETE`; empty when neither reads nor writes do."""
        if self.mode == "ACCESS EXCLUSIVE":
            return "SELECT, INSERT, UPDATE, DELETE"
        return "INSERT, UPDATE, DELETE" if self.strength >= MODES.index("SHARE") else ""


@dataclass(frozen=True)
class Work:
    """What one statement did to one table's rows.

    Args:
        relation: the table.
        read: rows that sequential scans read, all scans together.
        inserted: rows inserted.
        updated: rows updated.
        deleted: rows deleted.
    """

    relation: str
    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Statement:
    """One statement as it reached the server, and what it did.

    Args:
        number: its place in the trace, from 1.
        sql: its text.
        path: the revision file.
        line: the line in it that sent the statement, counted from 1.
        function: `upgrade` or `downgrade`.
        transaction: which transaction of the run it was in, from 1; `None` when it was none, because it ran by itself.
        locks: what it newly locked.
        held: everything that its transaction has locked while it ran, earlier statements' locks included.
        rewritten: tables and materialized views whose file it replaced.
        truncated: tables whose file it replaced by an empty one.
        reindexed: indexes whose file it replaced while their table's stayed.
        built: indexes that it built, each with its table.
        work: the rows that it touched, by table.
        settings: `lock_timeout`, `statement_timeout` and `idle_in_transaction_session_timeout` in milliseconds,
            `TimeZone` and `search_path`, as they were in force.
        notices: what the server told.
        seconds: time on the server and on the way.
        error: the SQLSTATE with which it failed.
        concurrent: whether the server refuses it in a transaction, as `CREATE INDEX CONCURRENTLY`.
    """

    number: int
    sql: str
    path: str
    line: int
    function: str
    transaction: int | None
    locks: tuple[Lock, ...] = ()
    held: tuple[Lock, ...] = ()
    rewritten: tuple[str, ...] = ()
    truncated: tuple[str, ...] = ()
    reindexed: tuple[str, ...] = ()
    built: tuple[tuple[str, str], ...] = ()
    work: tuple[Work, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    seconds: float = 0.0
    error: str | None = None
    concurrent: bool = False

    def strongest(self, relation: str) -> Lock | None:
        """Give the strongest lock on a relation that was held while the statement ran."""
        return max((lock for lock in self.held if lock.relation == relation), key=lambda lock: lock.strength, default=None)


@dataclass(frozen=True)
class Trace:
    """The statements of one revision in one direction.

    Args:
        revision: its id.
        direction: `up` or `down`.
        statements: in the order in which they were sent.
        rows: how many rows each table had that was there before; a table that is not here is new.
    """

    revision: str
    direction: str
    statements: tuple[Statement, ...]
    rows: Mapping[str, int]

    def blocking(self) -> Iterator[tuple[Statement, Work | None, Lock]]:
        """Give each work that grows with a table which was there before, done while a lock on it makes others wait.

        Yields:
            The statement, the rows that it touched (`None` for a rewrite or an index rebuild that read none), and the
            lock.
        """
        for statement in self.statements:
            touched = {work.relation: work for work in statement.work if work.read}
            for relation in self.rows:
                lock = statement.strongest(relation)
                if lock and lock.blocks and (relation in touched or relation in statement.rewritten):
                    yield statement, touched.get(relation), lock
