"""A column twice in one index.

The second mention makes every entry longer and tells no two rows apart.

It fires when a new index has the same column, in the same order and operator class, twice. It is silent for a column
that stands beside an expression of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import new_parts
from headgate.rules._example import example
from headgate.rules._indexes import indexes
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    statements = {name: statement for statement, name, _ in new_parts(evidence, "index")}
    for index in indexes(evidence.run.after):
        twice = [part for part in index.parts if index.parts.count(part) > 1]
        if twice and index.key[1] in statements:
            yield RULE.finding(
                evidence,
                statements[index.key[1]],
                f"{index.name} has {twice[0]} {len(twice)} times",
                seen=(f"PostgreSQL {evidence.run.server}: it is on ({', '.join(index.parts)})",),
                fix=(f"Name {twice[0]} once.",),
            )


RULE = Rule(
    name="dup-index-column",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    condition="A new index has one column twice.",
    effect="It is larger than it needs to be, and serves nothing more.",
    workaround="Name each column once.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep the names of users",
        intent="users sign in by name",
        up="""
        op.create_table("names", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("name", sa.Text()))
        op.execute("CREATE INDEX ix_names_name ON names (name, id, name)")
        """,
        down='op.drop_table("names")',
    ),
    good=example(
        "keep the names of users",
        intent="users sign in by name",
        up="""
        op.create_table("names", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("name", sa.Text()))
        op.create_index("ix_names_name", "names", ["name", "id"])
        """,
        down='op.drop_table("names")',
    ),
    source="https://www.postgresql.org/docs/current/indexes-multicolumn.html",
    check=_check,
)
