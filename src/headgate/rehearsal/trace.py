"""What each statement of a revision did to the server: the evidence that rules read.

Relation names are SQL names as in the catalog: quoted where they must be, without the schema when it is `public`.
Throughout a trace a relation has the name that it had when it was first seen, also after a revision renamed it; one
that takes over the name of a relation which was there before is told as `users (new)`.
Lock modes are spelled as in https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.catalog import Difference

__all__ = ["MODES", "Lock", "Refusal", "Statement", "Trace", "Work"]

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
"""Table locks from the weakest to the strongest: from SHARE on writers wait, behind ACCESS EXCLUSIVE readers too."""


@dataclass(frozen=True)
class Lock:
    """A lock that was granted.

    Args:
        relation: what is locked.
        kind: `table`, `index`, `view`, `materialized view`, `sequence` or `foreign table`.
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
        fetched: rows that index scans fetched.
        inserted: rows inserted.
        updated: rows updated.
        deleted: rows deleted.
    """

    relation: str
    read: int = 0
    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Refusal:
    """What the server said when it refused a statement; a field that it did not send is `None`.

    https://www.postgresql.org/docs/current/protocol-error-fields.html

    Args:
        sqlstate: the five characters of PostgreSQL's error code.
        message: its message, without detail and hint.
        detail: its detail, such as the value that stands twice.
        schema: the schema of what it is about, as the catalog spells it, not quoted; so are the others.
        table: the table.
        column: the column.
        datatype: the type.
        constraint: the constraint, or the unique index.
    """

    sqlstate: str
    message: str
    detail: str | None = None
    schema: str | None = None
    table: str | None = None
    column: str | None = None
    datatype: str | None = None
    constraint: str | None = None


@dataclass(frozen=True)
class Statement:
    """One statement as it reached the server, and what it did.

    SQL that is sent in one string is one statement with the effect of all of it.

    Args:
        number: its place in the trace, from 1.
        sql: its text.
        path: the revision file.
        line: the line in it whose call sent the statement, counted from 1; of a batch, the call on the batch.
        function: `upgrade` or `downgrade`.
        transaction: which transaction of the run it was in, from 1; `None` when it was none, because it ran by itself.
        locks: what it newly locked.
        held: everything that its transaction has locked while it ran, earlier statements' locks included.
        rewritten: tables and materialized views whose file it replaced.
        truncated: tables whose file it replaced by an empty one, as TRUNCATE does: work that does not grow.
        reindexed: indexes that it built anew while their table's file stayed.
        built: indexes that it built, each with its table.
        work: the rows that it touched, by table.
        settings: `lock_timeout`, `statement_timeout` and `idle_in_transaction_session_timeout` in milliseconds,
            `TimeZone` and `search_path`, as they were in force, with what the statement itself set.
        notices: what the server told.
        seconds: time on the server and on the way.
        error: the SQLSTATE with which it failed, or the exception's class where the server gave none; what it did
            before it failed cannot be read any more.
        concurrent: whether the server refuses it in a transaction, as `CREATE INDEX CONCURRENTLY`.
        tag: the server's command tag, as in `CREATE INDEX` or `UPDATE 1000`; of several statements in one string all
            of them, as in `BEGIN; CREATE TABLE`; empty when it failed.
        made: what it changed in the schema, committed or not; nothing for one that failed, and for one that only
            undoes what others made, as ROLLBACK.
        refusal: what the server said when it failed.
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
    tag: str = ""
    made: tuple[Difference, ...] = ()
    refusal: Refusal | None = None

    def strongest(self, relation: str) -> Lock | None:
        """Give the strongest lock on a relation that was held while the statement ran."""
        return max(
            (lock for lock in self.held if lock.relation == relation), key=lambda lock: lock.strength, default=None
        )


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

    @property
    def committed_before_end(self) -> bool:
        """Whether something was committed while statements were still to come, so that a failure leaves half of it."""
        if not self.statements:
            return False
        last = self.statements[-1].transaction
        return any(one.transaction is None or one.transaction != last for one in self.statements[:-1])

    def blocking(self) -> Iterator[tuple[Statement, Work | None, Lock]]:
        """Give each work that grows with a table which was there before, done while a lock on it makes others wait.

        Yields:
            The statement, the rows that it touched (`None` where it touched none that were counted), and the lock.
        """
        for statement in self.statements:
            touched = {work.relation: work for work in statement.work}
            for relation, rows in self.rows.items():
                lock, work = statement.strongest(relation), touched.get(relation)
                # An index may lead to one row, or to all of them.
                scanned = work is not None and (work.read > 0 or work.fetched >= max(rows, 1))
                if lock and lock.blocks and (scanned or relation in statement.rewritten):
                    yield statement, work, lock
