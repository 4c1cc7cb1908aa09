"""A foreign key checked against every row while writers wait.

ADD FOREIGN KEY reads both tables under a SHARE ROW EXCLUSIVE lock on both: nobody writes to either until every row has
been looked up. With NOT VALID it only holds for new rows, which costs no reading; VALIDATE CONSTRAINT, in a
transaction of its own, checks the old ones while others write.

It fires when the rows of a table that was there before the change were read for a foreign key that was added, or
enforced, by the same statement. It is silent for NOT VALID, for a new column that holds nothing but NULL, and for a
new table.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, constraint, execute, validate
from headgate.rules._example import example
from headgate.rules._made import altered, attributes, table_of
from headgate.rules._rewrites import retyped
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for burden in burdens(evidence):
        enforced = [one for one in altered(burden.statement, "foreign key", "enforced") if one.after is None]
        # Dropped and added under its name in one statement, it is the same one with another definition.
        anew = [] if retyped(burden) else list(altered(burden.statement, "foreign key", "definition"))
        made = [*burden.added("foreign key"), *anew, *enforced]
        if not made or burden.rewritten:
            continue
        fix: list[str] = []
        for one in made:
            its = attributes(run, burden.statement, one.kind, one.name)
            table = table_of(run, burden.statement, one)
            name = one.name.removesuffix(f" on {table}")
            if its and one not in enforced:
                fix.append(execute(constraint(one.name, its, "NOT VALID")))
            fix += apart(validate(table, name))
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait while the rows are checked against"
            f" the foreign key {listed(one.name.partition(' on ')[0] for one in made)}",
            fix=tuple(fix),
        )


_REVISION = partial(
    example, "let entries refer to users", intent="no entry is without its user", rollback="drops the foreign key"
)

RULE = Rule(
    name="fk-not-valid",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A foreign key is added without NOT VALID to a table that was there before, and its rows are checked.",
    effect="INSERT, UPDATE and DELETE on both tables wait until every row is checked and the transaction ended.",
    workaround="Add it NOT VALID, and validate it in a transaction of its own.",
    before=("CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE entries (id bigint PRIMARY KEY, user_id bigint)"),
    bad=_REVISION(
        'op.create_foreign_key("user_fk", "entries", "users", ["user_id"], ["id"])',
        'op.drop_constraint("user_fk", "entries")',
        risk="locks entries and users against writes",
    ),
    good=_REVISION(
        (
            'op.create_foreign_key("user_fk", "entries", "users", ["user_id"], ["id"], postgresql_not_valid=True)',
            "with op.get_context().autocommit_block():",
            '    op.execute("ALTER TABLE entries VALIDATE CONSTRAINT user_fk")',
        ),
        'op.drop_constraint("user_fk", "entries")',
        risk="locks entries and users against writes",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT",
    check=_check,
)
