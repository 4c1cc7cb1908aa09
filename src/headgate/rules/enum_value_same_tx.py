"""An enum's new value, used in the transaction that added it.

ALTER TYPE … ADD VALUE may run inside a transaction, but the value cannot be used before that transaction has committed.

It fires when the server refused such a use. It is silent when the value is added in an autocommit_block or in an
earlier revision.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._failure import failure, line, message, named, seen
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    found = failure(evidence, "55P04")
    if found is None:
        return
    value, type_ = (*named(found), "")[0], message(found).partition(" enum type ")[2]
    yield RULE.finding(
        evidence,
        line(evidence),
        f'"{value}" of {type_} is used in the transaction that adds it',
        seen=seen(evidence, found),
        fix=(
            "with op.get_context().autocommit_block():",
            f"    op.execute(\"ALTER TYPE {type_} ADD VALUE '{value}'\")  # committed before it is used",
        ),
    )


RULE = Rule(
    name="enum-value-same-tx",
    severity=Severity.ERROR,
    family="rows",
    reads="run",
    condition="A value that ALTER TYPE … ADD VALUE has added is used before the transaction has committed.",
    effect="The upgrade stops on every database.",
    workaround="Add the value in an autocommit_block or in an earlier revision.",
    before="CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE entries (id bigint PRIMARY KEY, mood mood)",
    bad=example(
        "let entries be merry",
        """
        op.execute("ALTER TYPE mood ADD VALUE 'merry'")
        op.execute("UPDATE entries SET mood = 'merry' WHERE id = 1")
        """,
        intent="people are merry at times",
        rollback="leaves the value, which PostgreSQL cannot take away",
    ),
    good=example(
        "let entries be merry",
        """
        with op.get_context().autocommit_block():
            op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'merry'")
        """,
        intent="people are merry at times",
        rollback="leaves the value, which PostgreSQL cannot take away",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertype.html",
    check=_check,
)
