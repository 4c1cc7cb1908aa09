"""A type whose values can only be added.

A value of an enum cannot be dropped, and a new one cannot be used in the transaction that adds it. A CHECK on a text,
or a table of the values, can be changed like anything else.

It fires when the revision makes an enum. It is off until the project gives it a severity, and silent for a value that
is added to one.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import made
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement, one in made(evidence, "added", "enum"):
        if not any(other.kind == "enum" and other.change == "removed" for other in statement.made):
            yield RULE.finding(
                evidence,
                statement,
                f"no value of {one.name} can be taken away again",
                seen=(f"PostgreSQL {evidence.run.server}: enum {one.name} {one.after}",),
                fix=("sa.Text() with a CHECK, or a table of the values with a foreign key",),
            )


RULE = Rule(
    name="enum-create",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    off=True,
    condition="The revision makes an enum.",
    effect="Its values can be added and renamed, and never dropped.",
    workaround="Use a text with a CHECK, or a table of the values.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep moods",
        intent="entries have a mood",
        up="op.execute(\"CREATE TYPE mood AS ENUM ('happy', 'sad')\")",
        down='op.execute("DROP TYPE mood")',
    ),
    good=example(
        "keep moods",
        intent="entries have a mood",
        up="""
        op.create_table(
            "moods",
            sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
            sa.Column("name", sa.Text(), nullable=False),
        )
        """,
        down='op.drop_table("moods")',
    ),
    source="https://www.postgresql.org/docs/current/datatype-enum.html",
    check=_check,
)
