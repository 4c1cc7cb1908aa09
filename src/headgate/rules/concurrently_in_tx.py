"""A statement that PostgreSQL refuses inside a transaction.

CREATE INDEX CONCURRENTLY and its like commit on their way and so cannot run inside a transaction, and Alembic runs
a revision inside one.

It fires when the server refused a statement for that reason. It is silent for a statement in an autocommit_block.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._failure import failure, line, message, seen
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    found = failure(evidence, "25001")
    if found is None:
        return
    yield RULE.finding(
        evidence,
        line(evidence),
        message(found),
        seen=seen(evidence, found),
        fix=("with op.get_context().autocommit_block():", "    …  # this call, in a revision of its own"),
    )


RULE = Rule(
    name="concurrently-in-tx",
    severity=Severity.ERROR,
    family="rows",
    reads="run",
    condition="A statement that commits on its way runs inside the revision's transaction.",
    effect="The upgrade stops on every database.",
    workaround="Put the call into an autocommit_block, in a revision of its own.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text)",
    bad=example(
        "find entries by their title",
        'op.create_index("ix_entries_title", "entries", ["title"], postgresql_concurrently=True)',
        'op.drop_index("ix_entries_title", "entries")',
        intent="the search reads the whole table",
    ),
    good=example(
        "find entries by their title",
        """
        with op.get_context().autocommit_block():
            op.create_index("ix_entries_title", "entries", ["title"], postgresql_concurrently=True)
        """,
        """
        with op.get_context().autocommit_block():
            op.drop_index("ix_entries_title", "entries", postgresql_concurrently=True)
        """,
        intent="the search reads the whole table",
    ),
    source="https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
    check=_check,
)
