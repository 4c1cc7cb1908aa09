"""A table emptied by DELETE.

A DELETE without a condition, or with one that is always true, ends every row. It is often a helper that was meant for
a test, or a condition that fits more than its author thought.

It fires when the deletes of a revision together took as many rows as a table held, and it holds none of them
afterwards. It is silent when rows are left, and for a table that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._moved import values
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    deleted: dict[str, int] = {}
    for statement in evidence.run.up.statements:
        for work in statement.work:
            rows = evidence.run.up.rows.get(work.relation, 0)
            before = deleted.get(work.relation, 0)
            deleted[work.relation] = before + work.deleted
            if not work.deleted or not rows or not before < rows <= deleted[work.relation]:
                continue
            _, left = values(evidence, work.relation)
            if left is not None and left.present:
                continue
            yield RULE.finding(
                evidence,
                statement,
                f"every row of {work.relation} is deleted",
                seen=(f"PostgreSQL {evidence.run.server}: {rows:,} of {rows:,} rows of {work.relation} deleted",),
                fix=(
                    "Give the DELETE a condition that tells which rows are of no use.",
                    "If all are to go: say `Rollback: irreversible, <why>` in the header.",
                ),
            )


RULE = Rule(
    name="delete-all",
    severity=Severity.ERROR,
    family="loss",
    reads="run",
    condition="The deletes of a revision leave none of the rows that a table held.",
    effect="The rows are lost, and no downgrade brings them back.",
    workaround="Give the DELETE a condition, and delete many rows in batches, outside the revision.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "delete entries that cannot be shown",
        intent="the list stumbles over them",
        rollback="irreversible, they are of no use",
        up="""
        # headgate: allow bulk-dml because the table has 100 rows
        op.execute("DELETE FROM entries WHERE title IS NOT NULL")
        """,
        down='raise NotImplementedError("they are of no use")',
    ),
    good=example(
        "delete entries that cannot be shown",
        intent="the list stumbles over them",
        rollback="irreversible, they are of no use",
        up="op.execute(\"DELETE FROM entries WHERE title = ''\")",
        down='raise NotImplementedError("they are of no use")',
    ),
    source="https://www.postgresql.org/docs/current/sql-delete.html",
    check=_check,
)
