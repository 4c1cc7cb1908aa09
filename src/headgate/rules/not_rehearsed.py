"""A table that could not be given rows.

What a revision does to an empty table says nothing about one with rows: nothing is read, nothing is rewritten, nothing
fails. It is not known to be safe, and it is not said to be.

It fires when a revision locks a table that could not be filled: a warning where readers or writers would wait, an
advice otherwise. It is silent for tables that the revision leaves alone, and for one whose rows the project gives.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._code import literal
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_WRITES = 2  # ROW EXCLUSIVE in `trace.MODES`; below it a table is only read


def _check(evidence: Evidence) -> Iterator[Finding]:
    told: set[str] = set()
    for statement in evidence.run.up.statements:
        for table, reason in evidence.run.not_filled.items():
            lock = statement.strongest(table)
            if lock is None or table in told or lock.strength < _WRITES:
                continue
            told.add(table)
            plain = table.replace('"', "")
            yield RULE.finding(
                evidence,
                statement,
                f"{table} has no rows in the rehearsal, so nothing is known of what this does to them",
                seen=(f"not filled: {reason}", f"{lock.mode} on {table}"),
                fix=(
                    "give rows for it in the settings, as a file of SQL or a function that returns statements:",
                    "[tool.headgate.given]",
                    f"{literal(table)} = {literal(f'tests/rows/{plain}.sql')}",
                ),
                severity=RULE.severity if lock.blocks else Severity.ADVICE,
            )


RULE = Rule(
    name="not-rehearsed",
    severity=Severity.WARNING,
    family="rows",
    reads="run",
    condition="A revision locks a table that could not be filled with rows.",
    effect="Nothing is known of what it reads, rewrites or fails on there.",
    workaround="Give rows for the table in [tool.headgate.given].",
    before="CREATE TABLE sealed (id bigint PRIMARY KEY, seal text NOT NULL CHECK (md5(seal) = 'none'));"
    " CREATE TABLE entries (id bigint PRIMARY KEY)",
    bad=example(
        "say when a seal was broken",
        'op.add_column("sealed", sa.Column("broken_at", sa.DateTime(timezone=True)))',
        'op.drop_column("sealed", "broken_at")',
        intent="a broken seal is to be noticed",
    ),
    good=example(
        "say when an entry was read",
        'op.add_column("entries", sa.Column("read_at", sa.DateTime(timezone=True)))',
        'op.drop_column("entries", "read_at")',
        intent="what was read is shown in grey",
    ),
    source="https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES",
    check=_check,
)
