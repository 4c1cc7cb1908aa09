"""A table renamed, or moved to another schema, under those who use it.

The release that runs while a deployment goes on, and the one that a rollback brings back, know the old name only: each
of their queries on the table fails. A view of the old name keeps them going, also for INSERT and UPDATE.

It fires when a table that was there before the change has another name after it. It is silent when a view of the old
name is there. When another table takes over the name it is a warning: rows that were written meanwhile may be missing
in that one.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import TABLES, existed
from headgate.rules._example import example
from headgate.rules._moved import renames
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    after = evidence.run.after.objects
    first: dict[str, str] = {}
    for one in renames(evidence, *TABLES):
        # What it was called before the revision; a later rename may give its old name to another.
        was = first[one.new] = first.get(one.old, one.old)
        if not existed(evidence, was) or ("view", one.old) in after:
            continue
        if any((kind, one.old) in after for kind in TABLES):
            yield RULE.finding(
                evidence,
                one.statement,
                f"code that runs now finds another table as {one.old}: its own is called {one.new}",
                seen=(
                    f"PostgreSQL {evidence.run.server}: {one.old} is {one.new} after it, and another table {one.old}",
                    f"what was written to {one.old} while the other one was filled stands in {one.new} alone",
                ),
                fix=(
                    "have a trigger write to both tables from before the rows are copied until the names are swapped,",
                    f'or, where nobody writes to it: op.execute("LOCK TABLE {one.old} IN SHARE MODE") before the copy',
                ),
                severity=Severity.WARNING,
            )
            continue
        yield RULE.finding(
            evidence,
            one.statement,
            f"code that runs now does not find {one.old}: it is called {one.new}",
            seen=(f"PostgreSQL {evidence.run.server}: {one.old} is {one.new} after it, and no view has the old name",),
            fix=(
                "in the same revision, so that both releases work:",
                f'op.execute("CREATE VIEW {one.old} AS SELECT * FROM {one.new}")',
                "and drop the view when no release that knows the old name can run",
            ),
        )


RULE = Rule(
    name="rename-table",
    severity=Severity.ERROR,
    family="clients",
    reads="run",
    condition="A table that was there before the change has another name, or another schema, after it.",
    effect="Every query of the running release on the table fails until the new release is everywhere.",
    workaround="Leave a view of the old name until no release that uses it can run.",
    before="CREATE TABLE notes (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "call notes entries",
        intent="the word is entry everywhere else",
        up='op.rename_table("notes", "entries")',
        down='op.rename_table("entries", "notes")',
    ),
    good=example(
        "call notes entries",
        intent="the word is entry everywhere else; the view goes with the next release",
        up="""
        op.rename_table("notes", "entries")
        op.execute("CREATE VIEW notes AS SELECT * FROM entries")
        """,
        down="""
        op.execute("DROP VIEW notes")
        op.rename_table("entries", "notes")
        """,
    ),
    source="https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS",
    check=_check,
)
