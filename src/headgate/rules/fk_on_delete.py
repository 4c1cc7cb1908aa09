"""A foreign key that does not say what becomes of the children.

Without ON DELETE the server refuses to delete a parent that has children, at the end of the statement. That may be what
is meant; often nobody thought of it, and the code that deletes finds out.

It fires when a new foreign key has no ON DELETE. It is off until the project gives it a severity, and silent for every
ON DELETE that is given.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import new_parts
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement, name, its in new_parts(evidence, "foreign key"):
        if " ON DELETE " not in str(its["definition"]):
            yield RULE.finding(
                evidence,
                statement,
                f"{name} does not say what becomes of the rows when what they refer to is deleted",
                seen=(f"PostgreSQL {evidence.run.server}: {its['definition']}",),
                fix=('ondelete="CASCADE", "SET NULL" or "RESTRICT"',),
            )


RULE = Rule(
    name="fk-on-delete",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    off=True,
    condition="A new foreign key has no ON DELETE.",
    effect="A parent with children cannot be deleted, which the code that deletes may not expect.",
    workaround="Say what becomes of the children.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep entries of users",
        intent="users write entries",
        up="""
        op.create_table(
            "entries",
            sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
            sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id"), index=True),
        )
        """,
        down='op.drop_table("entries")',
    ),
    good=example(
        "keep entries of users",
        intent="users write entries",
        up="""
        op.create_table(
            "entries",
            sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
            sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id", ondelete="CASCADE"), index=True),
        )
        """,
        down='op.drop_table("entries")',
    ),
    source="https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK",
    check=_check,
)
