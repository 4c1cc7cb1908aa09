"""A column that may be NULL from now on.

The server does not mind. Code of the running release that read the column as always filled, and whose type says so,
meets None as soon as the new release writes one; and a downgrade then fails on those rows.

It fires when a column of a table that was there before the change is no longer NOT NULL. It is silent for columns that
the same change added.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import made
from headgate.rules._example import example
from headgate.rules._moved import is_older
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement, one in made(evidence, "changed", "column", attribute="not_null"):
        if one.after is not None or not is_older(evidence, one.name):
            continue
        yield RULE.finding(
            evidence,
            statement,
            f"code that runs now reads {one.name} as always filled; it may be NULL from here on",
            seen=(f"PostgreSQL {evidence.run.server}: {one.name} was NOT NULL before",),
            fix=(
                "Release code that reads NULL before code that writes it.",
                "Say in downgrade() what becomes of the rows that hold NULL by then.",
            ),
        )


RULE = Rule(
    name="drop-not-null",
    severity=Severity.ADVICE,
    family="clients",
    reads="run",
    condition="A column that was there before the change is no longer NOT NULL.",
    effect="Code that reads it as always filled fails on the first NULL, and so does the downgrade.",
    workaround="Release code that reads NULL before code that writes it.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "let entries be without a title",
        intent="drafts have none",
        up='op.alter_column("entries", "title", nullable=True)',
        down="""
        op.execute("UPDATE entries SET title = '' WHERE title IS NULL")
        op.alter_column("entries", "title", nullable=False)
        """,
    ),
    good=example(
        "give entries an empty title by default",
        intent="drafts have none",
        up='op.alter_column("entries", "title", server_default="")',
        down='op.alter_column("entries", "title", server_default=None)',
    ),
    source="https://www.postgresql.org/docs/current/ddl-alter.html#DDL-ALTER-REMOVING-A-CONSTRAINT",
    check=_check,
)
