"""A constraint that nobody has proved.

NOT VALID binds new rows and leaves the old ones unread. Until it is validated nobody may rely on it: the planner does
not, SET NOT NULL does not, and the revision that was to follow is easily forgotten.

It fires when a constraint is added NOT VALID, or a column NOT NULL NOT VALID, and is not validated by the end of
what is judged. It is silent when a later revision validates it, and for a constraint that is not enforced.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import made
from headgate.rules._code import validate
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    final = (evidence.last or evidence.run).after.objects
    for change in ("added", "changed"):
        for statement, one in made(evidence, change, "check constraint", "foreign key", "column"):
            its = final.get((one.kind, one.name), {})
            attribute = "not_null" if one.kind == "column" else "validated"
            left = str(its.get("not_null", "")).endswith("NOT VALID") or its.get("validated") is False
            if not left or one.attribute not in {None, attribute} or its.get("enforced") is False:
                continue
            table, name = str(its.get("of")), one.name.partition(" on ")[0]
            yield RULE.finding(
                evidence,
                statement,
                f"{one.name} binds new rows only: nothing validates it",
                seen=(f"PostgreSQL {evidence.run.server}: not validated at the end of the change",),
                fix=(
                    "in the next revision:",
                    validate(table, name)
                    if one.kind != "column"
                    else f"VALIDATE the NOT NULL constraint of {one.name}",
                ),
            )


RULE = Rule(
    name="validate-missing",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    condition="A constraint is added NOT VALID, and not validated by the end of the change.",
    effect="Old rows may break it, and neither the planner nor code may rely on it.",
    workaround="Validate it in the next revision, which takes no lock that blocks.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, size integer NOT NULL DEFAULT 1 CHECK (size > 0))",
    bad=example(
        "keep entries small",
        intent="larger ones do not fit the page",
        up='op.create_check_constraint("ck_size", "entries", "size < 100000", postgresql_not_valid=True)',
        down='op.drop_constraint("ck_size", "entries")',
    ),
    good=example(
        "keep entries small",
        intent="larger ones do not fit the page",
        up="""
        op.execute("ALTER TABLE entries DROP CONSTRAINT IF EXISTS ck_size")
        op.create_check_constraint("ck_size", "entries", "size > 0", postgresql_not_valid=True)
        with op.get_context().autocommit_block():
            op.execute("ALTER TABLE entries VALIDATE CONSTRAINT ck_size")
        """,
        down='op.drop_constraint("ck_size", "entries")',
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-VALIDATE-CONSTRAINT",
    check=_check,
)
