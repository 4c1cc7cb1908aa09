"""A table whose rows nobody can tell apart.

Without a primary key a row that is there twice stays twice, an ORM cannot map the table, and logical replication cannot
say which row an UPDATE was about.

It fires when a new table has no primary key at the end of the change. It is silent for partitions and children, whose
parent says it, and for a table that is made from a query only to be filled and dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import after, made
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    final = after(evidence).objects
    keyed = {its.get("of") for (kind, _), its in final.items() if kind == "primary key"}
    known = {name for kind, name in evidence.run.before.objects if kind == "table"}
    for statement, one in made(evidence, "added", "table"):
        its = final.get(("table", one.name))
        renamed = any(other.kind == "table" and other.change == "removed" for other in statement.made)
        if its is None or one.name in keyed | known or renamed or "partition_of" in its or "inherits" in its:
            continue
        yield RULE.finding(
            evidence,
            statement,
            f"nothing tells the rows of {one.name} apart: it has no primary key",
            seen=(f"PostgreSQL {evidence.run.server}: no primary key at the end of the change",),
            fix=('sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True), or a key of what it holds',),
        )


RULE = Rule(
    name="table-without-primary-key",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    condition="A new table has no primary key.",
    effect="Rows cannot be told apart: not by an ORM, not by replication, not by who is to mend them.",
    workaround="Give it a primary key.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep visits",
        intent="the page shows how many there were",
        up='op.create_table("visits", sa.Column("at", sa.DateTime(timezone=True), nullable=False))',
        down='op.drop_table("visits")',
    ),
    good=example(
        "keep visits",
        intent="the page shows how many there were",
        up="""
        op.create_table(
            "visits",
            sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
            sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        )
        """,
        down='op.drop_table("visits")',
    ),
    source="https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS",
    check=_check,
)
