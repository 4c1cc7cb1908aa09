"""A table or column that says nothing of itself.

A comment stays with the table, for those who read the database and not the code.

It fires when a new table, or a new column of a table that was there, has no comment. It is off until the project gives
it a severity, and silent for the columns of a new table.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import made
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    after = evidence.run.after.objects
    for statement, one in made(evidence, "added", "table", "column"):
        its = after.get((one.kind, one.name))
        if its is not None and "comment" not in its and (one.kind, one.name) not in evidence.run.before.objects:
            yield RULE.finding(
                evidence,
                statement,
                f"the {one.kind} {one.name} has no comment",
                seen=(f"PostgreSQL {evidence.run.server}: none at the end of the revision",),
                fix=('comment="what it is for"',),
            )


RULE = Rule(
    name="comment-missing",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    off=True,
    condition="A new table or column has no comment.",
    effect="Who reads the database does not learn what it is for.",
    workaround="Give it a comment.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "give entries a rank",
        intent="the list is sorted by it",
        up='op.add_column("entries", sa.Column("rank", sa.BigInteger()))',
        down='op.drop_column("entries", "rank")',
    ),
    good=example(
        "give entries a rank",
        intent="the list is sorted by it",
        up='op.add_column("entries", sa.Column("rank", sa.BigInteger(), comment="1 stands first"))',
        down='op.drop_column("entries", "rank")',
    ),
    source="https://www.postgresql.org/docs/current/sql-comment.html",
    check=_check,
)
