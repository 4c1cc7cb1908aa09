"""Another default under code that relies on it.

A row for which the running release gives no value gets the column's default. With another default the same code writes
other rows, and nothing fails.

It fires when a column that was there before the change has another default, or none, after it. It is silent for
columns that the same change added, and for a NOT NULL column that is left without one, which
`required-column-old-code` is about.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import attributes, made
from headgate.rules._example import example
from headgate.rules._moved import is_older
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement, one in made(evidence, "changed", "column", attribute="default"):
        its = attributes(evidence.run.after, "column", one.name)
        if not is_older(evidence, one.name) or its.get("identity") or (one.after is None and its.get("not_null")):
            continue
        now = "NULL" if one.after is None else str(one.after)
        yield RULE.finding(
            evidence,
            statement,
            f"code that runs now writes {now} where it leaves out {one.name}",
            seen=(f"PostgreSQL {evidence.run.server}: the default was {'NULL' if one.before is None else one.before}",),
            fix=(f"Make sure that a row of the running release may hold {now} in {one.name}.",),
        )


RULE = Rule(
    name="default-changed",
    severity=Severity.ADVICE,
    family="clients",
    reads="run",
    condition="A column that was there before the change has another default after it.",
    effect="The running release writes other rows than it did, and nothing fails.",
    workaround="Have the code give the value, and change the default when no release relies on it.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, visibility text DEFAULT 'private')",
    bad=example(
        "make entries public by default",
        intent="most entries are public",
        up='op.alter_column("entries", "visibility", server_default="public")',
        down='op.alter_column("entries", "visibility", server_default="private")',
    ),
    good=example(
        "give entries a place for who sees them",
        intent="most entries are public; the service gives the value",
        up='op.add_column("entries", sa.Column("seen_by", sa.Text()))',
        down='op.drop_column("entries", "seen_by")',
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-DEFAULT",
    check=_check,
)
