"""A constraint validated while the lock of its making is still held.

VALIDATE CONSTRAINT lets others read and write while it reads the table, if it has a transaction of its own. In the
transaction that added the constraint NOT VALID, the strong lock of that statement is held until the end, and the two
steps are as bad as one.

It fires when a constraint is validated while its transaction holds a lock from an earlier statement that makes readers
or writers wait. It is silent when an earlier transaction has added it, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, validate
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
        validated = [
            one
            for kind in ("check constraint", "foreign key")
            for one in altered(statement, kind, "validated")
            if one.after is None and burden.concerns(table_of(run, statement, one))
        ]
        columns = [
            one
            for one in altered(statement, "column", "not_null")
            if one.before and one.after and burden.held_before() and burden.concerns(table_of(run, statement, one))
        ]
        if not (validated or columns) or burden.rewritten:
            continue
        names = [one.name.partition(" on ")[0] for one in validated]
        calls = [validate(table_of(run, statement, one), name) for one, name in zip(validated, names, strict=True)]
        names += [f"NOT NULL of {name_of(one.name)}" for one in columns]
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait while {listed(names)} is validated:"
            " an earlier statement of the transaction took the lock",
            fix=apart(*calls) if calls else ("validate it in an autocommit_block, or in the next revision",),
        )


_REVISION = partial(
    example, "allow no negative size", intent="a size below nothing is a mistake", rollback="drops the check"
)

RULE = Rule(
    name="not-valid-same-tx",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A constraint is validated in a transaction that already holds a lock for which others wait.",
    effect="Readers or writers wait until every row has been checked, as if NOT VALID had not been there.",
    workaround="Validate it in a transaction of its own: in an autocommit_block, or in the next revision.",
    before=ENTRIES,
    bad=_REVISION(
        (
            'op.create_check_constraint("size_check", "entries", "size >= 0", postgresql_not_valid=True)',
            'op.execute("ALTER TABLE entries VALIDATE CONSTRAINT size_check")',
        ),
        'op.drop_constraint("size_check", "entries")',
        risk="locks entries",
    ),
    good=_REVISION(
        (
            'op.create_check_constraint("size_check", "entries", "size >= 0", postgresql_not_valid=True)',
            "with op.get_context().autocommit_block():",
            '    op.execute("ALTER TABLE entries VALIDATE CONSTRAINT size_check")',
        ),
        'op.drop_constraint("size_check", "entries")',
        risk="locks entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-VALIDATE-CONSTRAINT",
    check=_check,
)
