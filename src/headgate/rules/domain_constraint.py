"""A domain's check tried on every row of every table that uses it.

ALTER DOMAIN … ADD CHECK reads every table that has a column of the domain, under a SHARE lock on each: nobody writes
to any of them until the last is read. NOT VALID puts it off, but VALIDATE takes the same locks: for a domain there is
no form that lets writers pass. A check on each table can be validated while others write.

It fires when rows of tables that were there before the change were read for a check that was added to a domain, or
validated. It is silent for NOT VALID, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, execute, validate
from headgate.rules._example import example
from headgate.rules._made import added, altered, table_of
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for burden in burdens(evidence):
        statement = burden.statement
        checks = [*added(statement, "check constraint"), *altered(statement, "check constraint", "validated")]
        checks = [one for one in checks if ("domain", table_of(run, statement, one)) in run.after.objects]
        if not checks or burden.rewritten:
            continue
        name, _, domain = checks[0].name.partition(" on ")
        sql = f"ALTER TABLE {burden.table} ADD CONSTRAINT {name} CHECK (…) NOT VALID"
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait while every value of {domain} is tried against {name}",
            fix=(
                "put the check on the tables that need it, not on the domain:",
                execute(sql),
                *apart(validate(burden.table, name)),
            ),
        )


_REVISION = partial(example, "allow no huge score", intent="a huge score is a mistake", rollback="drops the check")

RULE = Rule(
    name="domain-constraint",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A check is added to a domain, or validated, and tables that were there before are read for it.",
    effect="INSERT, UPDATE and DELETE on every table that uses the domain wait until the last of them is read.",
    workaround="Put the check on the tables, NOT VALID, and validate it there in a transaction of its own.",
    before=("CREATE DOMAIN score AS integer; CREATE TABLE entries (id bigint PRIMARY KEY, points score)"),
    bad=_REVISION(
        'op.execute("ALTER DOMAIN score ADD CONSTRAINT huge CHECK (VALUE <= 2147483647)")',
        'op.execute("ALTER DOMAIN score DROP CONSTRAINT huge")',
        risk="locks every table with a score",
    ),
    good=_REVISION(
        (
            'op.execute("ALTER TABLE entries ADD CONSTRAINT huge CHECK (points <= 2147483647) NOT VALID")',
            "with op.get_context().autocommit_block():",
            '    op.execute("ALTER TABLE entries VALIDATE CONSTRAINT huge")',
        ),
        'op.drop_constraint("huge", "entries")',
        risk="locks every table with a score",
    ),
    source="https://www.postgresql.org/docs/current/sql-alterdomain.html",
    check=_check,
)
