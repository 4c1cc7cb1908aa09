"""What the rehearsal saw, as plain values: the part of the report that gives each statement with its effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.rehearsal.trace import Statement, Trace

__all__ = ["BuiltIndex", "HeldLock", "JudgedRevision", "TouchedRows", "TracedStatement", "judged", "statement_rows"]


@dataclass(frozen=True)
class JudgedRevision:
    """One revision that was judged, and on what.

    Args:
        id: its id.
        path: its file, relative to the project's root.
        rehearsed: how many rows each table had that was there before it; empty when it was not run.
        not_rehearsed: the tables that could not be given rows, each with the reason: nothing is known of them.
    """

    id: str
    path: str
    rehearsed: Mapping[str, int] = field(default_factory=dict)
    not_rehearsed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HeldLock:
    """A lock that a statement newly took.

    Args:
        relation: what is locked.
        kind: what that is, as in `table` or `index`.
        mode: the lock's mode, as in `ACCESS EXCLUSIVE`.
        blocks: what waits behind it, as in `INSERT, UPDATE, DELETE`; empty when neither reads nor writes do.
    """

    relation: str
    kind: str
    mode: str
    blocks: str


@dataclass(frozen=True)
class TouchedRows:
    """The rows of one table that a statement touched.

    Args:
        relation: the table.
        read: rows that sequential scans read, all scans together.
        fetched: rows that index scans fetched.
        inserted: rows inserted.
        updated: rows updated.
        deleted: rows deleted.
    """

    relation: str
    read: int
    fetched: int
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True)
class BuiltIndex:
    """An index that a statement built.

    Args:
        index: its name.
        table: the table that it is on.
    """

    index: str
    table: str


@dataclass(frozen=True)
class TracedStatement:
    """One statement as it reached the server, and what it did.

    Args:
        revision: the id of the revision that sent it.
        direction: `up` or `down`.
        number: its place among those of the revision in that direction, from 1.
        sql: its text.
        path: the revision's file, relative to the project's root.
        line: the line whose call sent it, counted from 1.
        function: `upgrade` or `downgrade`.
        transaction: which transaction of the run it was in, from 1; `null` when it ran in none.
        tag: what the server calls it, as in `CREATE INDEX` or `UPDATE 1000`.
        locks: what it newly locked.
        rewritten: tables whose file it replaced.
        truncated: tables whose file it replaced by an empty one.
        reindexed: indexes that it built anew while their table's file stayed.
        built: indexes that it built.
        work: the rows that it touched, by table.
        settings: the settings in force; the timeouts in milliseconds.
        notices: what the server told.
        seconds: time on the server and on the way.
        error: the SQLSTATE with which it failed, or the exception's class.
        concurrent: whether the server refuses it in a transaction.
    """

    revision: str
    direction: str
    number: int
    sql: str
    path: str
    line: int
    function: str
    transaction: int | None
    tag: str = ""
    locks: tuple[HeldLock, ...] = ()
    rewritten: tuple[str, ...] = ()
    truncated: tuple[str, ...] = ()
    reindexed: tuple[str, ...] = ()
    built: tuple[BuiltIndex, ...] = ()
    work: tuple[TouchedRows, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    seconds: float = 0.0
    error: str | None = None
    concurrent: bool = False


def judged(
    id_: str, path: str, trace: Trace | None = None, not_rehearsed: Mapping[str, str] | None = None
) -> JudgedRevision:
    """Give what the report says of one judged revision.

    Args:
        id_: its id.
        path: its file, as findings give it.
        trace: its upgrade, when it was run.
        not_rehearsed: the tables that could not be given rows before it, each with the reason.
    """
    return JudgedRevision(id_, path, dict(trace.rows) if trace else {}, dict(not_rehearsed or {}))


def statement_rows(trace: Trace, path: str | None = None) -> tuple[TracedStatement, ...]:
    """Give the statements of a trace as the report holds them.

    Args:
        trace: what one revision sent in one direction.
        path: the revision's file, as findings give it; by default as the trace does.
    """
    return tuple(_row(trace, statement, path or statement.path) for statement in trace.statements)


def _row(trace: Trace, statement: Statement, path: str) -> TracedStatement:
    return TracedStatement(
        revision=trace.revision,
        direction=trace.direction,
        number=statement.number,
        sql=statement.sql,
        path=path,
        line=statement.line,
        function=statement.function,
        transaction=statement.transaction,
        tag=statement.tag,
        locks=tuple(HeldLock(lock.relation, lock.kind, lock.mode, lock.blocks) for lock in statement.locks),
        rewritten=statement.rewritten,
        truncated=statement.truncated,
        reindexed=statement.reindexed,
        built=tuple(BuiltIndex(index, table) for index, table in statement.built),
        work=tuple(
            TouchedRows(work.relation, work.read, work.fetched, work.inserted, work.updated, work.deleted)
            for work in statement.work
        ),
        settings=dict(statement.settings),
        notices=statement.notices,
        seconds=statement.seconds,
        error=statement.error,
        concurrent=statement.concurrent,
    )
