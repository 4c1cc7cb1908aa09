"""An index dropped behind a lock that everybody waits for.

DROP INDEX takes an ACCESS EXCLUSIVE lock on the table. The drop itself is quick, but it waits for every running query
on the table first, and whoever comes later waits behind it. DROP INDEX CONCURRENTLY waits without making others wait.

It fires when an index of a table that was there before the change is dropped without CONCURRENTLY: as advice, and as a
warning where the table is known to be large in production. It is silent for an index that goes with its column, table
or constraint, and for a table that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, literal
from headgate.rules._example import example
from headgate.rules._made import removed, table_of, was_there
from headgate.rules._work import burdens, large
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    working = {burden.statement.number for burden in burdens(evidence)}
    for statement in run.up.statements:
        # An index also goes with its column or table, and becomes a constraint's.
        alone = {(one.kind, one.change) for one in statement.made} == {("index", "removed")}
        if statement.concurrent or statement.number in working or not alone:
            continue
        for one in removed(statement, "index"):
            table = table_of(run, statement, one)
            if not was_there(run, table):
                continue
            call = f"op.drop_index({literal(one.name)}, {literal(table)}, postgresql_concurrently=True)"
            yield RULE.finding(
                evidence,
                statement,
                f"readers and writers on {table} wait while the drop of the index {one.name} waits for its lock",
                seen=(
                    f"PostgreSQL {run.server}: ACCESS EXCLUSIVE on {table}, for catalog work alone",
                    "blocks SELECT, INSERT, UPDATE, DELETE until the transaction has ended",
                ),
                fix=apart(call),
                severity=Severity.WARNING if large(evidence, [table]) else None,
            )


_REVISION = partial(
    example,
    "drop the index on the title",
    intent="nothing searches by title any more",
    rollback="builds the index again",
)

RULE = Rule(
    name="index-drop-not-concurrent",
    severity=Severity.ADVICE,
    family="work",
    reads="run",
    condition="An index of a table that was there before is dropped without CONCURRENTLY.",
    effect="Everything that touches the table waits behind the drop, and the drop waits for every running query.",
    workaround="Drop it concurrently in an autocommit_block, in a revision of its own.",
    before=(
        "CREATE TABLE entries (id bigint PRIMARY KEY, title text); CREATE INDEX ix_entries_title ON entries (title)"
    ),
    bad=_REVISION(
        'op.drop_index("ix_entries_title", "entries")',
        'op.create_index("ix_entries_title", "entries", ["title"])',
        risk="drops an index of entries",
    ),
    good=_REVISION(
        (
            "with op.get_context().autocommit_block():",
            '    op.drop_index("ix_entries_title", "entries", postgresql_concurrently=True)',
        ),
        (
            "with op.get_context().autocommit_block():",
            '    op.create_index("ix_entries_title", "entries", ["title"], postgresql_concurrently=True)',
        ),
        risk="drops an index of entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-dropindex.html",
    check=_check,
)
