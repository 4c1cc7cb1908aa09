"""A column gets a type that its values are not cast to by themselves.

From text to integer, uuid or an enum PostgreSQL has no cast that it uses unasked; the statement must say how an old
value becomes a new one.

It fires when the server refused a change of type for want of a cast. It is silent when `postgresql_using` says how.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._failure import failure, line, named, seen
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    found = failure(evidence, "42804")
    if found is None or "cannot be cast automatically" not in found.error:
        return
    column = (*named(found), "the column")[0]
    text = found.error.partition(" HINT: ")[0].partition(" to type ")[2]
    finding = RULE.finding(
        evidence,
        line(evidence),
        f"nothing says how the values of {column} become {text}",
        seen=seen(evidence, found),
        fix=(f'postgresql_using="{column}::{text}"', "or, in SQL, USING and the expression that makes the new value"),
    )
    yield replace(finding, facts={"type": text})


RULE = Rule(
    name="type-change-cast",
    severity=Severity.ERROR,
    family="rows",
    reads="run",
    condition="A column's type is changed to one that its values are not cast to by themselves.",
    effect="The upgrade stops on every database.",
    workaround="Say how with postgresql_using.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, size text)",
    bad=example(
        "count with sizes",
        'op.alter_column("entries", "size", type_=sa.Integer(), existing_type=sa.Text())',
        'op.alter_column("entries", "size", type_=sa.Text(), existing_type=sa.Integer())',
        intent="sizes are added up",
        risk="rewrites entries",
    ),
    good=example(
        "keep sizes in a column of their own",
        'op.add_column("entries", sa.Column("bytes", sa.Integer()))',
        'op.drop_column("entries", "bytes")',
        intent="sizes are added up",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DATA-TYPE",
    check=_check,
)
