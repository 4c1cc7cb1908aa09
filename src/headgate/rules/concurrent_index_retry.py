"""An interrupted index that the second run takes for a good one.

A concurrent build that is stopped, by a duplicate, a timeout or a restart, leaves an index that is INVALID: it costs
every write and serves no query, and a unique one refuses duplicates of new rows only. IF NOT EXISTS finds it, skips
the build with a notice, and the revision counts as done.

It fires when an index is built concurrently with IF NOT EXISTS and nothing took a leftover of that name away first:
an error for a unique index. It is silent where the revision drops it IF EXISTS before it builds it, or asks `pg_index`
whether it is valid.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._again import is_spared
from headgate.rules._change import attributes
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    dropped = list[str]()
    asked = ""
    for statement in evidence.run.up.statements:
        built = [one.name for one in statement.made if (one.kind, one.change) == ("index", "added")]
        if statement.concurrent and is_spared(statement):
            for name in built:
                bare = name.rpartition(".")[2].strip('"')
                if any(f'"{bare}"' in text or name == text for text in dropped):
                    continue
                if bare in asked:
                    continue
                unique = attributes(evidence.run.after, "index", name).get("unique")
                yield RULE.finding(
                    evidence,
                    statement,
                    f"after an interrupted build IF NOT EXISTS takes the INVALID {name} for a good one",
                    seen=(
                        f"PostgreSQL {evidence.run.server}: built concurrently, and skipped where the name is taken",
                        *(["duplicates that are there by then are never told"] if unique else []),
                    ),
                    fix=(
                        "with op.get_context().autocommit_block():",
                        f'    op.execute("DROP INDEX CONCURRENTLY IF EXISTS {name}")',
                        f'    op.create_index("{bare}", …, postgresql_concurrently=True)',
                    ),
                    severity=Severity.ERROR if unique else None,
                )
        if "indisvalid" in statement.sql:
            asked += statement.sql  # who reads this column knows of the leftover
        dropped += [notice for notice in statement.notices if "skipping" in notice]
        dropped += [one.name for one in statement.made if (one.kind, one.change) == ("index", "removed")]


RULE = Rule(
    name="concurrent-index-retry",
    severity=Severity.WARNING,
    family="again",
    reads="run",
    condition="An index is built concurrently with IF NOT EXISTS, and no leftover of its name is taken away first.",
    effect="After an interrupted build the second run skips it, and the INVALID index stays and counts as done.",
    workaround="DROP INDEX CONCURRENTLY IF EXISTS first, then build it without IF NOT EXISTS.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "find entries by title",
        intent="the search reads the whole table",
        up="""
        with op.get_context().autocommit_block():
            op.create_index("ix_entries_title", "entries", ["title"], postgresql_concurrently=True, if_not_exists=True)
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
