"""A key that runs out of numbers.

An `integer` key ends at 2,147,483,647, and the sequence does not count rows but attempts. To widen it then is a rewrite
of the table, and of every table that refers to it, while nothing can be inserted.

It fires when a new primary key has a column of the type integer or smallint that numbers its rows. It is silent for
`bigint`, and for a column that refers to another table, which must have that one's type.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import attributes, new_parts
from headgate.rules._example import example
from headgate.rules._indexes import columns
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    after = evidence.run.after
    for statement, _, its in new_parts(evidence, "primary key"):
        table = str(its["of"])
        refers = {
            column
            for (kind, _), other in after.objects.items()
            if kind == "foreign key" and other.get("of") == table
            for column in columns(str(other["definition"]))
        }
        for column in columns(str(its["definition"])):
            type_ = attributes(after, "column", f"{table}.{column}").get("type")
            if type_ in {"integer", "smallint"} and column not in refers:
                yield RULE.finding(
                    evidence,
                    statement,
                    f"{table}.{column} ends at {'2,147,483,647' if type_ == 'integer' else '32,767'}",
                    seen=(f"PostgreSQL {evidence.run.server}: the key is {type_}",),
                    fix=(f'sa.Column("{column}", sa.BigInteger(), sa.Identity(), primary_key=True)',),
                )


RULE = Rule(
    name="int-pk",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    condition="A new primary key has a column of the type integer or smallint.",
    effect="When its numbers end nothing can be inserted, and to widen it rewrites the table.",
    workaround="Use bigint.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep tags",
        intent="entries are tagged",
        up='op.create_table("tags", sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True))',
        down='op.drop_table("tags")',
    ),
    good=example(
        "keep tags",
        intent="entries are tagged",
        up='op.create_table("tags", sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True))',
        down='op.drop_table("tags")',
    ),
    source="https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-INT",
    check=_check,
)
