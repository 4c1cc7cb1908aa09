"""Two transactions that lock the same tables in opposite order.

A transaction that locks A and then B, and one that locks B and then A, wait for each other when they run at the same
time, until PostgreSQL ends one of them. Deployments that overlap, or retry, are enough.

It fires when a transaction of the change takes locks for which others wait on two tables that were there before, in
the opposite order to an earlier transaction of the same change, be it of this revision or of another one. It is silent
when the order is the same, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._locks import blocking, in_transactions
from headgate.rules._work import severity
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.rehearsal.trace import Statement

__all__ = ["RULE"]


_Order = dict[tuple[str, str], str]


def _check(evidence: Evidence) -> Iterator[Finding]:
    known: _Order = {}
    for run in evidence.change or (evidence.run,):
        for statements in in_transactions(run):
            taken: dict[str, Statement] = {}
            mine: _Order = {}
            for statement in statements:
                new = [table for table in blocking(run, statement.locks) if table not in taken]
                pairs = [(first, second) for first in taken for second in new]
                against = [(first, second) for first, second in pairs if (second, first) in known]
                if against and run.revision == evidence.run.revision:
                    first, second = against[0]
                    yield RULE.finding(
                        evidence,
                        statement,
                        f"this locks {first} and then {second}; {known[second, first]} locks them the other way round",
                        seen=(
                            f"PostgreSQL {run.server}: {first} locked by line {taken[first].line} of {run.revision}",
                        ),
                        fix=(f"alter {second} before {first} here too, or each in a revision of its own",),
                        severity=severity(evidence, (first, second), RULE.severity),
                    )
                mine.update(dict.fromkeys(pairs, f"line {statement.line} of {run.revision}"))
                taken.update(dict.fromkeys(new, statement))
            known.update({pair: where for pair, where in mine.items() if pair not in known})
        if run.revision == evidence.run.revision:
            return


_REVISION = partial(
    example,
    "let editors leave notes",
    intent="editors leave remarks on entries and users",
    rollback="drops the columns",
)

RULE = Rule(
    name="lock-order",
    severity=Severity.WARNING,
    family="locks",
    reads="run",
    condition="Two transactions of a change lock the same two tables, that were there before, in opposite order.",
    effect="When they overlap, PostgreSQL ends one of them with a deadlock, after everybody has waited.",
    workaround="Alter the tables in the same order everywhere, or one table a revision.",
    before=(
        "CREATE TABLE users (id bigint PRIMARY KEY, name text); "
        "CREATE TABLE entries (id bigint PRIMARY KEY, user_id bigint, title text)"
    ),
    bad=_REVISION(
        (
            'op.add_column("entries", sa.Column("note", sa.Text()))',
            'op.add_column("users", sa.Column("note", sa.Text()))',
            "with op.get_context().autocommit_block():",
            '    op.execute("SELECT 1")',
            'op.add_column("users", sa.Column("tag", sa.Text()))',
            'op.add_column("entries", sa.Column("tag", sa.Text()))',
        ),
        (
            'op.drop_column("entries", "note")',
            'op.drop_column("entries", "tag")',
            'op.drop_column("users", "note")',
            'op.drop_column("users", "tag")',
        ),
        risk="ACCESS EXCLUSIVE on entries and users for a moment",
    ),
    good=_REVISION(
        (
            'op.add_column("entries", sa.Column("note", sa.Text()))',
            'op.add_column("entries", sa.Column("tag", sa.Text()))',
            'op.add_column("users", sa.Column("note", sa.Text()))',
            'op.add_column("users", sa.Column("tag", sa.Text()))',
        ),
        (
            'op.drop_column("entries", "note")',
            'op.drop_column("entries", "tag")',
            'op.drop_column("users", "note")',
            'op.drop_column("users", "tag")',
        ),
        risk="ACCESS EXCLUSIVE on entries and users for a moment",
    ),
    source="https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS",
    check=_check,
)
