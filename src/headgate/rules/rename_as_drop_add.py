"""A rename written as a drop and an addition.

Autogenerate cannot see a rename: where a model's attribute has another name it proposes to add a column and to drop
one. That runs without an error, and every value is gone.

It fires when a column with values is dropped and one of the same type is added to the same table in one revision, and
the values are in no column afterwards. It is silent for a real rename, and where the values were copied first.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._dropped import dropped_columns
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for one in dropped_columns(evidence):
        if one.kept_in or one.twin is None:
            continue
        gone = "its values are gone" if one.values is None else f"{one.values:,} values are gone"
        yield RULE.finding(
            evidence,
            one.statement,
            f"{one.name} is dropped and {one.twin} added: a rename would keep the values, this loses them",
            seen=(f"PostgreSQL {evidence.run.server}: {gone}, {one.table}.{one.twin} does not hold them",),
            fix=(
                f'op.alter_column("{one.table}", "{one.column}", new_column_name="{one.twin}")',
                f"or, while code runs that knows {one.column}: add {one.twin}, write both, copy, drop it later",
            ),
        )


RULE = Rule(
    name="rename-as-drop-add",
    severity=Severity.ERROR,
    family="loss",
    reads="run",
    condition="A column is dropped, and one of the same type added to the same table, in one revision.",
    effect="What was meant as a rename loses every value of the column.",
    workaround="Rename it, or add the new column, copy the values, and drop the old one in a later release.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, caption text NOT NULL)",
    bad=example(
        "call the caption of entries a title",
        intent="the word is title everywhere else",
        rollback="irreversible, the captions are not kept",
        up="""
        op.add_column("entries", sa.Column("title", sa.Text()))
        op.drop_column("entries", "caption")
        """,
        down='raise NotImplementedError("the captions are not kept")',
    ),
    good=example(
        "give entries a title",
        intent="the word is title everywhere else; a later release drops the caption",
        up='op.add_column("entries", sa.Column("title", sa.Text()))',
        down='op.drop_column("entries", "title")',
    ),
    source="https://alembic.sqlalchemy.org/en/latest/autogenerate.html#what-does-autogenerate-detect-and-what-does-it-not-detect",
    check=_check,
)
