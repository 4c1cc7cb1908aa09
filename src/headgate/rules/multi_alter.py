"""A table read several times where once would do.

Each ALTER TABLE that has to read or rewrite the table does so by itself. Several changes in one ALTER TABLE, separated
by commas, share one reading.

It fires, as advice, on the second and each further ALTER TABLE of one transaction that reads or rewrites a table which
was there before the change. It is silent for changes of the catalog alone, for tables that the same change created,
and for a foreign key, whose rows a query of its own reads after all other changes of its ALTER TABLE.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._locks import in_transactions
from headgate.rules._work import burdens
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    works = {burden.statement.number: burden for burden in burdens(evidence)}
    for statements in in_transactions(evidence.run):
        first: dict[str, int] = {}
        for statement in statements:
            burden = works.get(statement.number)
            if burden is None or statement.tag != "ALTER TABLE" or burden.added("foreign key"):
                continue
            again = burden.table in first
            line = first.setdefault(burden.table, statement.line)
            if again:
                yield RULE.finding(
                    evidence,
                    statement,
                    f"{burden.table} is gone through once more: line {line} did it already",
                    seen=burden.seen(),
                    fix=(f'op.execute("ALTER TABLE {burden.table} …, …") with what both lines do',),
                )


_REVISION = partial(
    example, "every entry has a user and a title", intent="lists show both", rollback="allows NULL again"
)

RULE = Rule(
    name="multi-alter",
    severity=Severity.ADVICE,
    family="locks",
    reads="run",
    condition="Several ALTER TABLE of one transaction each read or rewrite the same table that was there before.",
    effect="Readers and writers wait as many times as long as they have to.",
    workaround="Put the changes into one ALTER TABLE, or into the form that reads nothing under the lock.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, user_id bigint, title text)",
    bad=_REVISION(
        (
            "# headgate: allow set-not-null because nobody works at night",
            'op.alter_column("entries", "title", nullable=False)',
            "# headgate: allow set-not-null because nobody works at night",
            'op.alter_column("entries", "user_id", nullable=False)',
        ),
        (
            'op.alter_column("entries", "user_id", nullable=True)',
            'op.alter_column("entries", "title", nullable=True)',
        ),
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        (
            'op.execute("ALTER TABLE entries ADD CONSTRAINT filled CHECK (num_nulls(title, user_id) = 0) NOT VALID")',
            "with op.get_context().autocommit_block():",
            '    op.execute("ALTER TABLE entries VALIDATE CONSTRAINT filled")',
        ),
        'op.drop_constraint("filled", "entries")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    check=_check,
)
