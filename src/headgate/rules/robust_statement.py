"""A statement outside a transaction that stops a second run.

A statement in an `autocommit_block` is committed as it ends, and the version moves later. When the process dies in
between, the next upgrade runs it again, and the server says that it exists already.

It fires when a statement that ran by itself made or dropped something, and passes over nothing. It is silent inside a
transaction, where IF EXISTS or IF NOT EXISTS is given, and where the revision takes a leftover away first.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._again import not_repeatable
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement in evidence.run.up.statements:
        left = not_repeatable(evidence, statement) if statement.transaction is None else ()
        if not left:
            continue
        one = left[0]
        verb = "drops" if one.change == "removed" else "makes"
        yield RULE.finding(
            evidence,
            statement,
            f"a second run stops here: the statement {verb} {one.name} and is committed before the version moves",
            seen=(f"PostgreSQL {evidence.run.server}: it ran outside a transaction",),
            fix=(
                ("if_exists=True, or DROP … IF EXISTS",)
                if one.change == "removed"
                else (f"Drop {one.name} IF EXISTS first, so that a leftover of an interrupted run is no hindrance.",)
            ),
        )


RULE = Rule(
    name="robust-statement",
    severity=Severity.ADVICE,
    family="again",
    general=True,
    reads="run",
    condition="A statement outside a transaction makes or drops something, and cannot be run a second time.",
    effect="When the process dies before the version moves, every further upgrade stops at it.",
    workaround="Drop a leftover IF EXISTS first, or pass over what is there.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "find entries by title",
        intent="the search reads the whole table",
        up="""
        with op.get_context().autocommit_block():
            op.create_index("ix_entries_title", "entries", ["title"], postgresql_concurrently=True)
        """,
        down="""
        with op.get_context().autocommit_block():
            op.drop_index("ix_entries_title", "entries", postgresql_concurrently=True)
        """,
    ),
    good=example(
        "find entries by title",
        intent="the search reads the whole table",
        up="""
        with op.get_context().autocommit_block():
            op.drop_index("ix_entries_title", "entries", postgresql_concurrently=True, if_exists=True)
            op.create_index("ix_entries_title", "entries", ["title"], postgresql_concurrently=True)
        """,
        down="""
        with op.get_context().autocommit_block():
            op.drop_index("ix_entries_title", "entries", postgresql_concurrently=True)
        """,
    ),
    source="https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
    check=_check,
)
