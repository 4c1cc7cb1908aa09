"""Rows of tables that were there, touched by a statement of the revision's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.rehearsal.evidence import Rehearsed
    from headgate.rehearsal.trace import Statement, Work

__all__ = ["all_of", "batch_of", "batches", "is_batch", "reads_all", "together", "written"]


def written(run: Rehearsed, statement: Statement) -> list[Work]:
    """Give the tables that were there in which a statement updated or deleted rows."""
    if statement.error:
        return []
    return [
        one
        for one in statement.work
        if one.relation in run.up.rows
        and one.relation not in (*statement.rewritten, *statement.truncated)
        and one.updated + one.deleted
    ]


def all_of(run: Rehearsed, work: Work) -> bool:
    """Whether every row of the table was updated or deleted; a table of one row says nothing about many."""
    return work.updated + work.deleted >= run.up.rows[work.relation] > 1


def reads_all(run: Rehearsed, work: Work) -> bool:
    """Whether every row of the table was read, or written, so that the work grows with the table."""
    rows = run.up.rows[work.relation]
    return rows > 1 and max(work.read, work.fetched, work.updated + work.deleted) >= rows


def is_batch(run: Rehearsed, statement: Statement) -> bool:
    """Whether the statement is one round of a loop that commits after each: its line sent others, apart from it.

    So is what a procedure or a DO block does that the server refuses in a transaction, because it commits on its way.
    https://www.postgresql.org/docs/current/plpgsql-transactions.html
    """
    if statement.concurrent and statement.tag in {"CALL", "DO"}:
        return True
    return any(
        other.line == statement.line
        and other.number != statement.number
        and (other.transaction is None or other.transaction != statement.transaction)
        for other in run.up.statements
    )


def together(run: Rehearsed) -> Iterator[tuple[Statement, Work, int]]:
    """Give what a loop wrote bit by bit in one transaction, and all of a table in the end.

    Yields:
        The first statement, the rows of all of them, and how many they are.
    """
    found: dict[tuple[int, int, str], list[tuple[Statement, Work]]] = {}
    for statement in run.up.statements:
        for work in written(run, statement) if statement.transaction is not None else ():
            found.setdefault((statement.transaction or 0, statement.line, work.relation), []).append((statement, work))
    for some in found.values():
        updated, deleted = sum(work.updated for _, work in some), sum(work.deleted for _, work in some)
        whole = replace(some[0][1], updated=updated, deleted=deleted)
        if len(some) > 1 and all_of(run, whole) and not any(all_of(run, work) for _, work in some):
            yield some[0][0], whole, len(some)


def batches(run: Rehearsed, work: Work) -> tuple[str, ...]:
    """Give the code that does the same in batches, each in a transaction of its own.

    Args:
        run: the revision's rehearsal.
        work: what was done to the table.
    """
    table = work.relation
    keys = (
        str(its.get("definition", "")).removeprefix("PRIMARY KEY ").strip("()")
        for (kind, _), its in run.before.objects.items()
        if kind == "primary key" and its.get("of") == table
    )
    key = next((columns for columns in keys if "," not in columns), "ctid")
    return _loop(f"UPDATE {table} SET …" if work.updated >= work.deleted else f"DELETE FROM {table}", table, key, "…")


def batch_of(table: str, assignment: str, condition: str) -> tuple[str, ...]:
    """Give the code that fills a column in batches.

    Args:
        table: the table.
        assignment: what is set.
        condition: which rows still need it.
    """
    return _loop(f"UPDATE {table} SET {assignment}", table, "ctid", condition)


def _loop(does: str, table: str, key: str, condition: str) -> tuple[str, ...]:
    return (
        "with op.get_context().autocommit_block():",
        f'    batch = sa.text("{does} WHERE {key} IN (SELECT {key} FROM {table} WHERE {condition} LIMIT 5000)")',
        "    while op.get_bind().execute(batch).rowcount:",
        "        pass",
    )
