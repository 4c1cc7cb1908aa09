"""A serial where an identity would do.

`serial` is a sequence beside the column: its privileges and its ownership are given and dumped apart, and an INSERT may
give any number. An identity belongs to the column, and is standard SQL.

It fires when a new column takes its default from a sequence that it owns. It is silent for identity columns, and for a
sequence that several columns share.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import new_columns
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    owned = {its.get("owned_by") for (kind, _), its in evidence.run.after.objects.items() if kind == "sequence"}
    for statement, name, its in new_columns(evidence):
        if str(its.get("default", "")).startswith("nextval(") and name in owned:
            yield RULE.finding(
                evidence,
                statement,
                f"{name} is a serial: its sequence has privileges and an owner of its own",
                seen=(f"PostgreSQL {evidence.run.server}: default {its['default']}",),
                fix=(f'sa.Column("{name.rpartition(".")[2]}", sa.BigInteger(), sa.Identity(), primary_key=True)',),
            )


RULE = Rule(
    name="prefer-identity",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    off=True,
    condition="A new column is a serial.",
    effect="Its sequence has privileges and an owner of its own, which are forgotten when the table's are given.",
    workaround="Use an identity.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep tags",
        intent="entries are tagged",
        up='op.create_table("tags", sa.Column("id", sa.BigInteger(), primary_key=True))',
        down='op.drop_table("tags")',
    ),
    good=example(
        "keep tags",
        intent="entries are tagged",
        up='op.create_table("tags", sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True))',
        down='op.drop_table("tags")',
    ),
    source="https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_serial",
    check=_check,
)
