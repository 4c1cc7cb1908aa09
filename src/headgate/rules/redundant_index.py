"""An index that another one makes superfluous.

Each index costs every write and room on disk. An index on `(a)` serves nothing that one on `(a, b)` does not, and two
on the same columns serve twice what one serves once.

It fires when a new index has the columns, method and condition of another one of its table: a warning. Where one
begins with all columns of the other it is advice. It is silent for a unique index, which promises something, and when
the other one is dropped by the same change.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import after, new_parts
from headgate.rules._example import example
from headgate.rules._indexes import Index, indexes
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    final = after(evidence)
    told = set[frozenset[object]]()
    new = sorted(new_parts(evidence, "index", "unique constraint"), key=lambda one: -one[0].number)
    for statement, name, its in new:  # of two that are new, the later one is too many
        table = list(indexes(final, str(its["of"])))
        own = next((index for index in table if index.key[1] == name), None)
        for other in table:
            if own is None or other.key == own.key or frozenset({own.key, other.key}) in told:
                continue
            found = _superfluous(own, other)
            if found is None:
                continue
            told.add(frozenset({own.key, other.key}))
            less, more = found
            same = less.parts == more.parts
            yield RULE.finding(
                evidence,
                statement,
                f"{less.name} serves nothing that {more.name} on {less.table} does not",
                seen=(
                    f"PostgreSQL {evidence.run.server}: {less.name} is on ({', '.join(less.parts)}),"
                    f" {more.name} on ({', '.join(more.parts)})",
                ),
                fix=(
                    f"Leave out {own.name}." if less is own else f"Drop {less.name} concurrently, in a later revision.",
                ),
                severity=Severity.WARNING if same else Severity.ADVICE,
            )


def _superfluous(own: Index, other: Index) -> tuple[Index, Index] | None:
    """The one that is not needed beside the other, and the other."""
    if own.method != other.method or own.rest != other.rest or not (own.valid and other.valid):
        return None
    for less, more in ((own, other), (other, own)):
        if less.unique and not (more.unique and less.parts == more.parts):
            continue
        if less.parts == more.parts or (less.method == "btree" and less.parts == more.parts[: len(less.parts)]):
            return less, more
    return None


RULE = Rule(
    name="redundant-index",
    severity=Severity.WARNING,
    family="schema",
    reads="run",
    condition="A new index has the columns of another one of its table, or begins with all of them.",
    effect="Every write keeps up both, and one of them serves nothing.",
    workaround="Leave out the one that serves less.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep the names of users",
        intent="users sign in by name",
        up="""
        op.create_table(
            "names",
            sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
            sa.Column("name", sa.Text(), nullable=False, unique=True),
        )
        op.create_index("ix_names_name", "names", ["name"])
        """,
        down='op.drop_table("names")',
    ),
    good=example(
        "keep the names of users",
        intent="users sign in by name",
        up="""
        op.create_table(
            "names",
            sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
            sa.Column("name", sa.Text(), nullable=False, unique=True),
        )
        """,
        down='op.drop_table("names")',
    ),
    source="https://www.postgresql.org/docs/current/indexes-multicolumn.html",
    check=_check,
)
