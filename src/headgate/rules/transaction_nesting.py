"""A revision that ends its own transaction.

Alembic runs a revision in a transaction, so that a failure leaves nothing behind. A COMMIT inside it commits the first
half, a ROLLBACK throws it away, and Alembic, which knows of neither, moves the version as if all had been one.

It fires when a statement of the revision begins, commits or rolls back a transaction. It is silent for savepoints, and
for an `autocommit_block`, which tells Alembic.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_TAGS = frozenset({"BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK", "PREPARE TRANSACTION"})


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement in evidence.run.up.statements:
        # The server gives ROLLBACK TO SAVEPOINT the same tag.
        if statement.tag not in _TAGS or "TO" in statement.sql.upper().split():
            continue
        yield RULE.finding(
            evidence,
            statement,
            f"{statement.tag} inside the revision: half of it may stay, and Alembic does not know",
            seen=(f"PostgreSQL {evidence.run.server}: the server answered {statement.tag}",),
            fix=(
                "for what cannot run in a transaction:",
                "with op.get_context().autocommit_block():",
                "for work in parts: a revision for each part, or a task outside the revisions",
            ),
        )


RULE = Rule(
    name="transaction-nesting",
    severity=Severity.ERROR,
    family="again",
    reads="run",
    condition="The revision begins, commits or rolls back a transaction by itself.",
    effect="A failure leaves half of the revision behind, or the version moves without its work.",
    workaround="Leave the transaction to Alembic; use autocommit_block for what cannot run inside one.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "give entries a length",
        intent="lists show how long an entry is",
        up="""
        op.add_column("entries", sa.Column("length", sa.BigInteger()))
        op.execute("COMMIT")
        """,
        down='op.drop_column("entries", "length")',
    ),
    good=example(
        "give entries a length",
        intent="lists show how long an entry is",
        up='op.add_column("entries", sa.Column("length", sa.BigInteger()))',
        down='op.drop_column("entries", "length")',
    ),
    source="https://www.postgresql.org/docs/current/sql-commit.html",
    check=_check,
)
