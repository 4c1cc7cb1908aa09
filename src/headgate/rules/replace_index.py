"""A time without the index.

An index is dropped, and the one that takes its place is built afterwards, in a transaction of its own. In between
every query that used it reads the whole table.

It fires when an index of a table that was there before is dropped and committed, and one that begins with the same
column is built after it. It is silent in the other order, and when both are in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import existed, made, table_of
from headgate.rules._example import example
from headgate.rules._indexes import indexes
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    old = {index.key: index for index in indexes(evidence.run.before)}
    new = {index.key: index for index in indexes(evidence.run.after)}
    for statement, one in made(evidence, "removed", "index"):
        gone = old.get((one.kind, one.name))
        if gone is None or not existed(evidence, table_of(evidence, one)) or not gone.parts:
            continue
        for later, other in made(evidence, "added", "index"):
            built = new.get((other.kind, other.name))
            apart = later.transaction is None or later.transaction != statement.transaction
            if later.number <= statement.number or not apart or built is None or built.table != gone.table:
                continue
            if built.columns[:1] == gone.columns[:1]:
                yield RULE.finding(
                    evidence,
                    statement,
                    f"between here and line {later.line} no index serves queries by {gone.columns[0]} on {gone.table}",
                    seen=(f"PostgreSQL {evidence.run.server}: {gone.name} is gone before {built.name} is there",),
                    fix=(f"Build {built.name} first, under another name if need be, and drop {gone.name} after it.",),
                )
                break


RULE = Rule(
    name="replace-index",
    severity=Severity.ADVICE,
    family="clients",
    reads="run",
    condition="An index is dropped before the one that takes its place is built, in another transaction.",
    effect="Until it is built, queries that used the old one read the whole table.",
    workaround="Build the new one first.",
    before="""CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL, size integer);
        CREATE INDEX ix_title ON entries (title)""",
    bad=example(
        "find entries by title and size",
        intent="the search asks for both",
        up="""
        with op.get_context().autocommit_block():
            op.drop_index("ix_title", "entries", postgresql_concurrently=True)
            op.create_index("ix_title_size", "entries", ["title", "size"], postgresql_concurrently=True)
        """,
        down="""
        with op.get_context().autocommit_block():
            op.create_index("ix_title", "entries", ["title"], postgresql_concurrently=True)
            op.drop_index("ix_title_size", "entries", postgresql_concurrently=True)
        """,
    ),
    good=example(
        "find entries by title and size",
        intent="the search asks for both",
        up="""
        with op.get_context().autocommit_block():
            op.create_index("ix_title_size", "entries", ["title", "size"], postgresql_concurrently=True)
            op.drop_index("ix_title", "entries", postgresql_concurrently=True)
        """,
        down="""
        with op.get_context().autocommit_block():
            op.create_index("ix_title", "entries", ["title"], postgresql_concurrently=True)
            op.drop_index("ix_title_size", "entries", postgresql_concurrently=True)
        """,
    ),
    source="https://www.postgresql.org/docs/current/sql-dropindex.html",
    check=_check,
)
