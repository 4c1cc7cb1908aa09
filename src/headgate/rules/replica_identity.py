"""Another replica identity.

Logical replication and change data capture tell by a table's replica identity which row an UPDATE or DELETE was about.
With NOTHING, or without a key, the next UPDATE on a published table fails; with FULL every change carries the whole
row.

It fires when a table that was there before the change has another replica identity after it. It is silent for tables
that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import existed, made
from headgate.rules._example import example
from headgate.rules._moved import original
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement, one in made(evidence, "changed", "table", attribute="replica_identity"):
        if existed(evidence, original(evidence, one.name)):
            yield RULE.finding(
                evidence,
                statement,
                f"subscribers to {one.name} get UPDATE and DELETE in another form",
                seen=(f"PostgreSQL {evidence.run.server}: {one.sentence('the old schema', 'the new one')}",),
                fix=(
                    "Look at every subscriber and capture tool first; keep the default where there is a primary key.",
                ),
            )


RULE = Rule(
    name="replica-identity",
    severity=Severity.ADVICE,
    family="clients",
    reads="run",
    condition="A table that was there before the change has another replica identity after it.",
    effect="Published updates and deletes fail, or subscribers get them in another form.",
    workaround="Keep the default where there is a primary key; else name a unique index.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "publish whole rows of entries",
        intent="the warehouse wants the old title too",
        up='op.execute("ALTER TABLE entries REPLICA IDENTITY FULL")',
        down='op.execute("ALTER TABLE entries REPLICA IDENTITY DEFAULT")',
    ),
    good=example(
        "keep the old title of entries",
        intent="the warehouse wants the old title too",
        up='op.add_column("entries", sa.Column("old_title", sa.Text()))',
        down='op.drop_column("entries", "old_title")',
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-REPLICA-IDENTITY",
    check=_check,
)
