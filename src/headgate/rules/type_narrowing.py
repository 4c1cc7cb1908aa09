"""A type change that changed the values.

A cast that runs without an error may still round, cut off or forget: `numeric` to `integer` rounds, `timestamp` to
`date` forgets the hour. Nothing tells, and the old values are not kept.

It fires when a column got another type, and its values are others after the upgrade and its downgrade than before;
where there is no downgrade, when fewer values are left or they read otherwise. It is silent when every value comes
back, and for a type that takes every value of the old one, however it prints them.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import made, short, table_of
from headgate.rules._example import example
from headgate.rules._moved import original, values
from headgate.rules._types import takes_all
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for statement, one in made(evidence, "changed", "column", attribute="type"):
        if takes_all(str(one.before), str(one.after)):
            continue
        table = table_of(evidence, one)
        first, column = original(evidence, table), short(one.name, table)
        lost = [loss for loss in run.lost if (loss.table, loss.column) == (first, column)]
        before, after = values(evidence, first, column)
        written = any(
            work.relation == first and work.updated for statement in run.up.statements for work in statement.work
        )
        if run.down is None:
            # Nobody tried the way back. That values read otherwise is little: many types print the same in two ways.
            same = before is None or after is None or before == after or written
            if same or first not in statement.rewritten:
                continue
        elif not lost:
            continue
        missing = before.present - after.present if before and after else 0
        yield RULE.finding(
            evidence,
            statement,
            f"{one.name} as {one.after} does not hold what it held as {one.before}",
            seen=(
                f"PostgreSQL {run.server}: "
                + (f"{missing:,} values are gone" if missing > 0 else "values are others than before")
                + (" after the change and back" if run.down else " after the change"),
            ),
            fix=(
                f"Add a column of the type {one.after}, copy what fits, look at what does not,",
                f"and drop {one.name} in a later revision; or give a USING that keeps every value.",
            ),
            severity=Severity.WARNING if run.down is None and missing <= 0 else None,
        )


RULE = Rule(
    name="type-narrowing",
    severity=Severity.ERROR,
    family="loss",
    reads="run",
    condition="A column gets another type, and its values are others afterwards.",
    effect="What the new type cannot hold is rounded or cut off without a word, and no downgrade brings it back.",
    workaround="Add a column of the new type, copy what fits, look at the rest, and drop the old one later.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, weight numeric(10, 5) NOT NULL DEFAULT 0)",
    bad=example(
        "weigh entries in whole numbers",
        intent="nobody wants fractions",
        up="""
        # headgate: allow type-change-rewrite because 100 rows
        # headgate: allow column-type-narrowed because no release writes fractions
        op.alter_column("entries", "weight", type_=sa.Integer())
        """,
        down="""
        op.alter_column("entries", "weight", type_=sa.Numeric(10, 5))
        """,
    ),
    good=example(
        "give entries a rank",
        intent="nobody wants fractions of a weight",
        up='op.add_column("entries", sa.Column("rank", sa.Integer()))',
        down='op.drop_column("entries", "rank")',
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DATA-TYPE",
    check=_check,
)
