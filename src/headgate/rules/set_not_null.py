"""A column looked through for NULL while everybody waits.

SET NOT NULL reads the whole table under an ACCESS EXCLUSIVE lock, unless a validated check already says that the
column holds no NULL. Such a check can be added NOT VALID and validated while others read and write, and dropped when
the column is NOT NULL.

It fires when the rows of a table that was there before the change were read for a column that became NOT NULL, also
one that a primary key is put on with USING INDEX. It is silent behind a validated check, and for tables that the same
change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, derived, execute, literal, validate
from headgate.rules._example import ENTRIES, example
from headgate.rules._made import altered, table_of
from headgate.rules._rewrites import name_of
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for burden in burdens(evidence):
        statement = burden.statement
        columns = [
            one
            for one in altered(statement, "column", "not_null")
            if one.after and burden.concerns(table_of(run, statement, one))
        ]
        # One that was NOT NULL NOT VALID is validated, which is gentle where no earlier statement holds the lock.
        validated = any(one.before for one in columns) and burden.held_before()
        if not columns or burden.rewritten or burden.builds("primary key") or validated:
            continue
        names = [name_of(one.name) for one in columns]
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait while {listed(names)} is looked through for NULL",
            fix=_steps(table_of(run, statement, columns[0]), names),
        )


def _steps(table: str, columns: list[str]) -> tuple[str, ...]:
    check = derived(table, columns[0], "set")
    condition = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    first = execute(f"ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({condition}) NOT VALID")
    if any('"' in name for name in (table, *columns)):  # an operation would put quotes around these
        return (
            first,
            *apart(validate(table, check)),
            *(execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL") for column in columns),
            execute(f"ALTER TABLE {table} DROP CONSTRAINT {check}"),
        )
    return (
        first,
        *apart(validate(table, check)),
        *(f"op.alter_column({literal(table)}, {literal(column)}, nullable=False)" for column in columns),
        f"op.drop_constraint({literal(check)}, {literal(table)})",
    )


_REVISION = partial(example, "every entry has a title", intent="lists show the title", rollback="allows NULL again")

RULE = Rule(
    name="set-not-null",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A column of a table that was there before becomes NOT NULL, and no validated check says so already.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row has been read and the transaction has ended.",
    workaround="Add a check NOT VALID, validate it in a transaction of its own, then set NOT NULL and drop the check.",
    before=ENTRIES,
    bad=_REVISION(
        'op.alter_column("entries", "title", nullable=False)',
        'op.alter_column("entries", "title", nullable=True)',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        (
            'op.execute("ALTER TABLE entries ADD CONSTRAINT entries_title_check CHECK (title IS NOT NULL) NOT VALID")',
            "with op.get_context().autocommit_block():",
            '    op.execute("ALTER TABLE entries VALIDATE CONSTRAINT entries_title_check")',
            'op.alter_column("entries", "title", nullable=False)',
            'op.drop_constraint("entries_title_check", "entries")',
        ),
        'op.alter_column("entries", "title", nullable=True)',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL",
    check=_check,
)
