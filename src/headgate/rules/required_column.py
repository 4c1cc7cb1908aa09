"""A required column without a value for the rows that are there.

ADD COLUMN … NOT NULL without a default is refused as soon as the table has one row. It passes on the empty database of
a test run and stops the deployment.

It fires when such a statement failed because the table has rows. It is silent for a column with a default, for a
nullable one, and for a table that has no rows before the change.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._failure import failure, line, seen, table
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    found = failure(evidence, "23502")
    of = table(evidence, found) if found else None
    if found is None or of is None or found.column is None:
        return
    there = {name.replace('"', "") for kind, name in evidence.run.before.objects if kind == "column"}
    plain = of.replace('"', "")
    if f"{plain}.{found.column}" in there or ("table", of) not in evidence.run.before.objects:
        return
    rows = evidence.run.up.rows.get(of)
    had = (f"{of} has {rows:,} rows in the rehearsal",) if rows else ()
    yield RULE.finding(
        evidence,
        line(evidence),
        f"{of}.{found.column} is required, and the rows that {of} has are given no value",
        seen=seen(evidence, found, *had),
        fix=(
            f'1. op.add_column("{plain}", sa.Column("{found.column}", …))  # nullable, or with a server_default',
            f'2. op.execute("UPDATE {of} SET {found.column} = … WHERE {found.column} IS NULL")  # in its own revision',
            f'3. op.alter_column("{plain}", "{found.column}", nullable=False)',
        ),
    )


RULE = Rule(
    name="required-column",
    severity=Severity.ERROR,
    family="rows",
    reads="run",
    condition="A column is added NOT NULL without a default to a table that has rows.",
    effect="The upgrade stops on every database but an empty one.",
    workaround="Give it a server_default, or add it nullable, fill it, and set NOT NULL afterwards.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text)",
    bad=example(
        "know how long entries are",
        'op.add_column("entries", sa.Column("length", sa.Integer(), nullable=False))',
        'op.drop_column("entries", "length")',
        intent="lists show how long an entry is",
    ),
    good=example(
        "know how long entries are",
        'op.add_column("entries", sa.Column("length", sa.Integer(), nullable=False, server_default="0"))',
        'op.drop_column("entries", "length")',
        intent="lists show how long an entry is",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-COLUMN",
    check=_check,
)
