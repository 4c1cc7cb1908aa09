"""Several tables locked by one transaction.

A transaction that alters one table and then another holds the first while it waits for the second. Whoever uses them
in the other order deadlocks with it, and everybody else waits for both.

It fires once a transaction, as advice: on the statement with which ACCESS EXCLUSIVE is held on a second table that was
there before the change, taken by different statements. It is a warning where one of them is known to be large in
production. It is silent for the partitions of one table, for locks that one statement takes together, and for tables
that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._locks import blocking, earlier, told
from headgate.rules._made import kin
from headgate.rules._work import large
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.rehearsal.evidence import Rehearsed

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    told_of: set[int | None] = set()
    for statement in run.up.statements:
        before = earlier(run, statement, exclusive=True)
        now = blocking(run, statement.locks, exclusive=True)
        second = next((table for table in now if not any(_related(run, table, other) for other in before)), None)
        if not before or second is None or statement.transaction in told_of:
            continue
        told_of.add(statement.transaction)
        first = next(iter(before))
        yield RULE.finding(
            evidence,
            statement,
            f"{first} stays locked while this waits for its lock on {second}",
            seen=told(run, before[first], now[second]),
            fix=(f"alter {second} in a revision of its own",),
            severity=Severity.WARNING if large(evidence, (first, second)) else None,
        )


def _related(run: Rehearsed, table: str, other: str) -> bool:
    return not kin(run, table).isdisjoint(kin(run, other))


_REVISION = partial(
    example,
    "let editors leave a note",
    intent="editors leave remarks on entries and users",
    rollback="drops the columns",
)

RULE = Rule(
    name="multi-table-lock",
    severity=Severity.ADVICE,
    family="locks",
    reads="run",
    condition="ACCESS EXCLUSIVE is taken on a second table that was there before, while the first is held.",
    effect="Both stand still until the second lock is had; a client that uses them in the other order deadlocks.",
    workaround="Alter one table a transaction: one revision each.",
    before=(
        "CREATE TABLE users (id bigint PRIMARY KEY, name text); "
        "CREATE TABLE entries (id bigint PRIMARY KEY, user_id bigint, title text)"
    ),
    bad=_REVISION(
        (
            'op.add_column("entries", sa.Column("note", sa.Text()))',
            'op.add_column("users", sa.Column("note", sa.Text()))',
        ),
        (
            'op.drop_column("users", "note")',
            'op.drop_column("entries", "note")',
        ),
        risk="ACCESS EXCLUSIVE on entries and users for a moment",
    ),
    good=_REVISION(
        'op.add_column("entries", sa.Column("note", sa.Text()))',
        'op.drop_column("entries", "note")',
        risk="ACCESS EXCLUSIVE on entries and users for a moment",
    ),
    source="https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS",
    check=_check,
)
