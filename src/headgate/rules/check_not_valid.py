"""A check tried on every row while everybody waits.

ADD CHECK reads the whole table under an ACCESS EXCLUSIVE lock: nobody reads or writes it meanwhile. With NOT VALID it
only holds for new rows, which costs no reading; VALIDATE CONSTRAINT, in a transaction of its own, tries the old ones
while others read and write.

It fires when the rows of a table that was there before the change were read for a check that the same statement added.
It is silent for NOT VALID, and for a new table.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, constraint, execute, validate
from headgate.rules._example import ENTRIES, example
from headgate.rules._made import altered, attributes, table_of
from headgate.rules._rewrites import retyped
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for burden in burdens(evidence):
        # Dropped and added under its name in one statement, it is the same one with another definition.
        anew = [] if retyped(burden) else list(altered(burden.statement, "check constraint", "definition"))
        made = [*burden.added("check constraint"), *anew]
        if not made or burden.rewritten:
            continue
        names = []
        fix: list[str] = []
        for one in made:
            its = attributes(run, burden.statement, one.kind, one.name)
            table = table_of(run, burden.statement, one)
            names.append(one.name.removesuffix(f" on {table}"))
            if its:
                fix.append(execute(constraint(one.name, its, "NOT VALID")))
            fix += apart(validate(table, names[-1]))
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait while every row is tried against {listed(names)}",
            fix=tuple(fix),
        )


_REVISION = partial(
    example, "allow no negative size", intent="a size below nothing is a mistake", rollback="drops the check"
)

RULE = Rule(
    name="check-not-valid",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A check is added without NOT VALID to a table that was there before, and its rows are tried.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row has been tried and the transaction has ended.",
    workaround="Add it NOT VALID, and validate it in a transaction of its own.",
    before=ENTRIES,
    bad=_REVISION(
        'op.create_check_constraint("size_check", "entries", "size >= 0")',
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
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    check=_check,
)
