"""A column renamed under those who use it.

An ORM names every column of a table in each SELECT and INSERT. From the moment of the rename until the last process of
the old release has ended, every one of its queries on the table fails.

It fires when a column of a table that was there before the change has another name after it, or was dropped after its
values were copied to another. It is silent when the old name is still there with these values, as in a view that has
the table's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._change import existed, is_new_column
from headgate.rules._dropped import dropped_columns
from headgate.rules._example import example
from headgate.rules._moved import original, renames, values
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.rehearsal.trace import Statement

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement, table, old, new in _found(evidence):
        was = original(evidence, table)
        known = f"{was}.{old}"
        if not existed(evidence, was) or is_new_column(evidence, known):
            continue
        taken = ("column", known) in evidence.run.after.objects
        held, holds = values(evidence, was, old)
        if taken and (("view", was) in evidence.run.after.objects or held is None or held == holds):
            continue
        is_there = "it is called" if new.rpartition(".")[0] in {table, was} else "its values stand in"
        finds = "finds other values in" if taken else "does not find"
        yield RULE.finding(
            evidence,
            statement,
            f"code that runs now {finds} {table}.{old}: {is_there} {new}",
            seen=(f"PostgreSQL {evidence.run.server}: the values of {table}.{old} stand in {new} after it",),
            fix=(
                f"this release: add {new.rpartition('.')[2]} beside {old}, write both, copy what is there",
                f"a later one: drop {old}, when no release that reads it can run",
            ),
        )


def _found(evidence: Evidence) -> Iterator[tuple[Statement, str, str, str]]:
    for one in renames(evidence, "column"):
        table, _, old = one.old.rpartition(".")
        yield one.statement, table, old, one.new
    for dropped in dropped_columns(evidence):
        if dropped.kept_in:
            yield dropped.statement, dropped.table, dropped.column, dropped.kept_in


RULE = Rule(
    name="rename-column",
    severity=Severity.ERROR,
    family="clients",
    reads="run",
    condition="A column of a table that was there before the change has another name after it.",
    effect="Every query of the running release on the table fails until the new release is everywhere.",
    workaround="Add the new column, write both, copy, and drop the old one in a later release.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, caption text NOT NULL)",
    bad=example(
        "call the caption of entries a title",
        intent="the word is title everywhere else",
        up='op.alter_column("entries", "caption", new_column_name="title")',
        down='op.alter_column("entries", "title", new_column_name="caption")',
    ),
    good=example(
        "give entries a title beside their caption",
        intent="the word is title everywhere else; the service writes both, a later release drops the caption",
        up='op.add_column("entries", sa.Column("title", sa.Text()))',
        down='op.drop_column("entries", "title")',
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-RENAME",
    check=_check,
)
