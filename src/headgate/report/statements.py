"""The statements of a revision with what each did beside it: the review that a database administrator asks for."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from headgate.rehearsal.trace import Lock, Statement, Trace
from headgate.report.layout import put
from headgate.wording import counted

__all__ = ["print_trace"]

_INDENT = "      "


def print_trace(console: Console, trace: Trace, path: str) -> None:
    """Print each statement, then a line for each thing that it did to what was there before the revision.

    Args:
        console: where to.
        trace: what to print.
        path: the revision's file, as the user types it.
    """
    for statement in trace.statements:
        first, *more = statement.sql.splitlines()
        put(console, Text(f"{path}:{statement.line}", style="bold"))
        for line in (first, *more):
            put(console, Text(f"  {line.rstrip()}"))
        for line, style in _effects(statement, trace):
            put(console, Text(f"{_INDENT}{line}", style=style))
        put(console, Text())


def _effects(statement: Statement, trace: Trace) -> Iterator[tuple[str, str]]:
    """Tell only what concerns relations that others can be using: those that were there before."""
    if statement.error:
        yield f"fails     {statement.error}", "bold red"
    where = "in no transaction" if statement.transaction is None else f"in transaction {statement.transaction}"
    yield f"runs      {where}, {_timeout(statement)}", ""
    for lock in _strongest(statement.locks, trace):
        waits = f"; {lock.blocks} wait" if lock.blocks else ""
        yield f"locks     {lock.mode} on {lock.relation}{waits}", "yellow" if lock.blocks else ""
    for name in statement.rewritten:
        if name in trace.rows:
            yield f"rewrites  {name}, {counted(trace.rows[name], 'row')}", "bold red"
    for name in statement.truncated:
        if name in trace.rows:
            yield f"empties   {name}, {counted(trace.rows[name], 'row')}", "bold red"
    for index, table in statement.built:
        yield f"builds    {index} on {table}", ""
    for name in statement.reindexed:
        yield f"builds    {name} anew", ""
    for work in statement.work:
        held = trace.rows.get(work.relation)
        for verb, rows in (
            ("reads", work.read),
            ("inserts", work.inserted),
            ("updates", work.updated),
            ("deletes", work.deleted),
        ):
            if rows and held is not None:
                yield f"{verb:<9} {counted(rows, 'row')} of {work.relation}, which has {held:,}", ""
    for notice in statement.notices:
        yield f"told      {notice}", ""


def _strongest(locks: tuple[Lock, ...], trace: Trace) -> list[Lock]:
    strongest: dict[str, Lock] = {}
    for lock in locks:
        if lock.relation in trace.rows and lock.strength >= strongest.get(lock.relation, lock).strength:
            strongest[lock.relation] = lock
    return list(strongest.values())


def _timeout(statement: Statement) -> str:
    milliseconds = int(statement.settings.get("lock_timeout", "0") or 0)
    return f"lock_timeout {milliseconds:,} ms" if milliseconds else "no lock_timeout"
