"""An index by hash.

A hash index serves equality alone: no order, no range, no second column, no uniqueness. A btree serves equality about
as well.

It fires when a new index has the method hash. It is off until the project gives it a severity, and silent for other
methods.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import new_parts
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement, name, its in new_parts(evidence, "index"):
        if its.get("method") == "hash":
            yield RULE.finding(
                evidence,
                statement,
                f"{name} serves equality alone: no order, no range, no uniqueness",
                seen=(f"PostgreSQL {evidence.run.server}: its method is hash",),
                fix=("Leave out postgresql_using: a btree serves equality as well.",),
            )


RULE = Rule(
    name="hash-index",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    off=True,
    condition="A new index has the method hash.",
    effect="It serves no order, no range and no second column.",
    workaround="Use a btree.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep the names of users",
        intent="users sign in by name",
        up="""
        op.create_table("names", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("name", sa.Text()))
        op.create_index("ix_names_name", "names", ["name"], postgresql_using="hash")
        """,
        down='op.drop_table("names")',
    ),
    good=example(
        "keep the names of users",
        intent="users sign in by name",
        up="""
        op.create_table("names", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("name", sa.Text()))
        op.create_index("ix_names_name", "names", ["name"])
        """,
        down='op.drop_table("names")',
    ),
    source="https://www.postgresql.org/docs/current/indexes-types.html#INDEXES-TYPES-HASH",
    check=_check,
)
