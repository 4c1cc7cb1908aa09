"""A table dropped and made again under its own name.

`DROP TABLE IF EXISTS` before CREATE TABLE makes a revision run a second time on the author's laptop. In production it
ends the rows of a table that was in use, and with CASCADE the views and foreign keys on it.

It fires when a table that was there before the change is dropped and one of its name is there afterwards. It is silent
when the table was not there, and when its rows are in the new one.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import existed, made
from headgate.rules._example import example
from headgate.rules._moved import renames, values
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    renamed = {(one.statement.number, one.old) for one in renames(evidence, "table")}
    for statement, one in made(evidence, "removed", "table"):
        if (statement.number, one.name) in renamed or ("table", one.name) not in evidence.run.after.objects:
            continue
        before, after = values(evidence, one.name)
        kept = before is not None and after is not None and after.present >= before.present
        if not existed(evidence, one.name) or kept:
            continue
        rows = evidence.run.up.rows.get(one.name)
        gone = "its rows are gone" if rows is None else f"{rows:,} rows are gone"
        yield RULE.finding(
            evidence,
            statement,
            f"{one.name} is dropped and made again: what it held is lost",
            seen=(f"PostgreSQL {evidence.run.server}: {gone}",),
            fix=(
                f"Change {one.name} with op.add_column, op.alter_column and their like, and keep the rows.",
                "A revision runs once: it needs no DROP TABLE IF EXISTS before CREATE TABLE.",
            ),
        )


RULE = Rule(
    name="force-create",
    severity=Severity.ERROR,
    family="loss",
    reads="run",
    condition="A table that was there before the change is dropped and created again under the same name.",
    effect="Its rows are lost, and with CASCADE the views and foreign keys on it.",
    workaround="Change the table that is there.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "give entries a length",
        intent="lists show how long an entry is",
        rollback="irreversible, the entries are made anew",
        up="""
        op.execute("DROP TABLE IF EXISTS entries")
        op.create_table(
            "entries",
            sa.Column("id", sa.BigInteger(), primary_key=True),
            sa.Column("title", sa.Text(), nullable=False),
            sa.Column("length", sa.BigInteger()),
        )
        """,
        down='raise NotImplementedError("the entries are made anew")',
    ),
    good=example(
        "give entries a length",
        intent="lists show how long an entry is",
        up='op.add_column("entries", sa.Column("length", sa.BigInteger()))',
        down='op.drop_column("entries", "length")',
    ),
    source="https://www.postgresql.org/docs/current/sql-droptable.html",
    check=_check,
)
