"""An index over many columns.

An index over four columns and more serves only queries that give its first ones, and it costs every write as the wide
row that it is.

It fires when a new index that is not unique has more than three columns. It is off until the project gives it a
severity, and silent for columns that an index only includes.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import new_parts
from headgate.rules._example import example
from headgate.rules._indexes import indexes
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_MOST = 3


def _check(evidence: Evidence) -> Iterator[Finding]:
    statements = {name: statement for statement, name, _ in new_parts(evidence, "index")}
    for index in indexes(evidence.run.after):
        if index.key[1] in statements and not index.unique and len(index.parts) > _MOST:
            yield RULE.finding(
                evidence,
                statements[index.key[1]],
                f"{index.name} has {len(index.parts)} columns, of which most queries use the first ones",
                seen=(f"PostgreSQL {evidence.run.server}: it is on ({', '.join(index.parts)})",),
                fix=("Keep the columns that queries give, and INCLUDE what they only read.",),
            )


RULE = Rule(
    name="wide-index",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    off=True,
    condition="A new index that is not unique has more than three columns.",
    effect="It costs every write, and few queries use more than its first columns.",
    workaround="Keep the columns that queries give, and INCLUDE what they only read.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep addresses",
        intent="letters are sent",
        up="""
        columns = [sa.Column(name, sa.Text()) for name in ("country", "town", "street", "door")]
        op.create_table("addresses", sa.Column("id", sa.BigInteger(), primary_key=True), *columns)
        op.create_index("ix_addresses", "addresses", ["country", "town", "street", "door"])
        """,
        down='op.drop_table("addresses")',
    ),
    good=example(
        "keep addresses",
        intent="letters are sent",
        up="""
        columns = [sa.Column(name, sa.Text()) for name in ("country", "town", "street", "door")]
        op.create_table("addresses", sa.Column("id", sa.BigInteger(), primary_key=True), *columns)
        op.create_index("ix_addresses", "addresses", ["country", "town"])
        """,
        down='op.drop_table("addresses")',
    ),
    source="https://www.postgresql.org/docs/current/indexes-multicolumn.html",
    check=_check,
)
