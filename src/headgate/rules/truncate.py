"""A table emptied by TRUNCATE.

TRUNCATE is quick because it looks at no row, and with CASCADE it empties every table whose foreign keys lead there.
No downgrade brings the rows back.

It fires when a table that was there before the change was given an empty file. It is silent for a table that the same
change created.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    rows = evidence.run.up.rows
    for statement in evidence.run.up.statements:
        tables = [name for name in statement.truncated if rows.get(name)]
        if not tables:
            continue
        yield RULE.finding(
            evidence,
            statement,
            f"TRUNCATE loses every row of {' and '.join(tables)}",
            seen=tuple(f"PostgreSQL {evidence.run.server}: {rows[name]:,} rows of {name} are gone" for name in tables),
            fix=(
                "Keep the rows, or copy them to a table of their own first.",
                "If they are to go: say `Rollback: irreversible, <why>` in the header.",
            ),
        )


RULE = Rule(
    name="truncate",
    severity=Severity.ERROR,
    family="loss",
    reads="run",
    condition="A table that was there before the change is truncated.",
    effect="Its rows are lost, with CASCADE those of every table that points to it, and no downgrade brings them back.",
    workaround="Delete what is known to be of no use, in batches, outside the revision; keep a copy of the rest.",
    before="CREATE TABLE sessions (id bigint PRIMARY KEY, seen timestamptz NOT NULL)",
    bad=example(
        "sign everybody out",
        intent="sessions have a new form",
        rollback="irreversible, everybody signs in again",
        up='op.execute("TRUNCATE sessions")',
        down='raise NotImplementedError("everybody signs in again")',
    ),
    good=example(
        "tell old sessions from new ones",
        intent="sessions have a new form; the service passes over those of the old one",
        up='op.add_column("sessions", sa.Column("form", sa.SmallInteger(), server_default="1", nullable=False))',
        down='op.drop_column("sessions", "form")',
    ),
    source="https://www.postgresql.org/docs/current/sql-truncate.html",
    check=_check,
)
