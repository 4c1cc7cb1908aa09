"""A table that is altered while changes of its rows still wait for a check.

A deferred constraint is checked when the transaction ends, and until then the server refuses to alter the table whose
rows were changed: data and schema of one table cannot change in one transaction.

It fires when the server refused a statement for that reason. It is silent when the rows are changed in a revision of
their own, or the constraint is checked at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._failure import failure, line, named, seen
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    found = failure(evidence, "55006")
    if found is None or "pending trigger events" not in found.error:
        return
    of = (*named(found), "the table")[0]
    failed = line(evidence)
    changed = [
        one.line
        for one in evidence.run.up.statements
        if one.line < failed
        for work in one.work
        if work.relation.replace('"', "").rpartition(".")[2] == of and work.inserted + work.updated + work.deleted
    ]
    where = (f"line {changed[-1]} changed rows of {of} in the same transaction",) if changed else ()
    yield RULE.finding(
        evidence,
        failed,
        f"{of} is altered while changes of its rows wait for a deferred constraint",
        seen=seen(evidence, found, *where),
        fix=(
            "change the rows in a revision of their own, before this one,",
            'or have them checked at once: op.execute("SET CONSTRAINTS ALL IMMEDIATE") before the rows are changed',
        ),
    )


RULE = Rule(
    name="pending-trigger-events",
    severity=Severity.ERROR,
    family="rows",
    reads="run",
    condition="A table is altered in the transaction that changed its rows under a deferred constraint.",
    effect="The upgrade stops as soon as the table has rows.",
    workaround="Change the rows and the schema in two revisions.",
    before="CREATE TABLE users (id bigint PRIMARY KEY);"
    " CREATE TABLE entries (id bigint PRIMARY KEY,"
    " user_id bigint REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)",
    bad=example(
        "give every entry to the first user",
        """
        # headgate: allow bulk-dml because the table is small
        op.execute("UPDATE entries SET user_id = (SELECT min(id) FROM users)")
        op.add_column("entries", sa.Column("given", sa.Boolean()))
        """,
        'op.drop_column("entries", "given")',
        intent="entries without an owner are seen by nobody",
        risk="changes every row of entries",
    ),
    good=example(
        "say which entries were given away",
        'op.add_column("entries", sa.Column("given", sa.Boolean()))',
        'op.drop_column("entries", "given")',
        intent="entries without an owner are seen by nobody",
    ),
    source="https://www.postgresql.org/docs/current/sql-set-constraints.html",
    check=_check,
)
