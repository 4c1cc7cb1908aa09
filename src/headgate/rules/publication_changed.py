"""Subscribers that get other tables from now on.

A table that leaves a publication goes on in the database, and stands still at every subscriber. One that joins it must
exist there first. No query of the service fails.

It fires when a publication or subscription that was there before the change is gone, or publishes otherwise, after it.
It is silent for one that is created.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import before, made
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for change in ("removed", "changed"):
        for statement, one in made(evidence, change, "publication", "subscription"):
            if (one.kind, one.name) not in before(evidence).objects or one.attribute in {"comment", "owner"}:
                continue
            yield RULE.finding(
                evidence,
                statement,
                f"the {one.kind} {one.name} "
                + ("is gone: what it fed stands still" if change == "removed" else "gives subscribers something else"),
                seen=(f"PostgreSQL {evidence.run.server}: {one.sentence('the old schema', 'the new one')}",),
                fix=("Prepare every subscriber first, and refresh its subscription afterwards.",),
            )


RULE = Rule(
    name="publication-changed",
    severity=Severity.ADVICE,
    family="clients",
    reads="run",
    condition="A publication or subscription that was there before the change is gone or publishes otherwise.",
    effect="Subscribers stand still or fail, and nothing in this database tells.",
    workaround="Prepare every subscriber first, and refresh its subscription afterwards.",
    before="""CREATE TABLE entries (id bigint PRIMARY KEY);
        CREATE TABLE tags (id bigint PRIMARY KEY);
        CREATE PUBLICATION warehouse FOR TABLE entries, tags""",
    bad=example(
        "publish entries only",
        intent="the warehouse does not read tags",
        up='op.execute("ALTER PUBLICATION warehouse DROP TABLE tags")',
        down='op.execute("ALTER PUBLICATION warehouse ADD TABLE tags")',
    ),
    good=example(
        "offer a publication of entries",
        intent="the warehouse does not read tags; it changes over by itself",
        up='op.execute("CREATE PUBLICATION warehouse_entries FOR TABLE entries")',
        down='op.execute("DROP PUBLICATION warehouse_entries")',
    ),
    source="https://www.postgresql.org/docs/current/sql-alterpublication.html",
    check=_check,
)
