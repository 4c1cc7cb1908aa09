"""A type that takes less than the running release writes.

A shorter `varchar`, a smaller integer, a number in the place of a text: the rows that are there may all fit, and the
next one that the running release sends may not.

It fires when a column that was there before the change has a type that does not take every value of the old one. It is
silent for a wider type of the same sort, as `text` for `varchar(20)` or `bigint` for `integer`.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import made
from headgate.rules._example import example
from headgate.rules._moved import is_older
from headgate.rules._types import takes_all
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement, one in made(evidence, "changed", "column", "domain", attribute="type"):
        if takes_all(str(one.before), _free(evidence, str(one.after))) or (
            one.kind == "column" and not is_older(evidence, one.name)
        ):
            continue
        yield RULE.finding(
            evidence,
            statement,
            f"code that runs now writes {one.name} as {one.before}; {one.after} does not take all of that",
            seen=(f"PostgreSQL {evidence.run.server}: {one.name} is {one.after} after it",),
            fix=(
                f"Release code that writes only what {one.after} takes, then change the type;",
                "or add a column of the new type, write both, copy, and drop the old one later.",
            ),
        )


def _free(evidence: Evidence, name: str) -> str:
    """The type that a domain is of, where it asks nothing more of a value."""
    objects = evidence.run.after.objects
    its = objects.get(("domain", name), {})
    checked = any(kind == "check constraint" and of.get("of") == name for (kind, _), of in objects.items())
    return str(its["type"]) if its and not its.get("not_null") and not checked else name


RULE = Rule(
    name="column-type-narrowed",
    severity=Severity.WARNING,
    family="clients",
    reads="run",
    condition="A column that was there before has a type that does not take every value of the old one.",
    effect="The running release sends values that are refused, or stored otherwise than it meant.",
    workaround="Release code that keeps to the new type first, or add a new column beside the old one.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, code text NOT NULL DEFAULT 'a' CHECK (length(code) < 9))",
    bad=example(
        "limit the code of entries to ten letters",
        intent="the printer takes no more",
        up="""
        # headgate: allow type-change-rewrite because the table has 100 rows
        op.alter_column("entries", "code", type_=sa.String(10))
        """,
        down="""
        op.alter_column("entries", "code", type_=sa.Text())
        """,
    ),
    good=example(
        "limit the code of entries to ten letters",
        intent="the printer takes no more; the service keeps to it already",
        up='op.create_check_constraint("ck_code", "entries", "length(code) <= 10", postgresql_not_valid=True)',
        down='op.drop_constraint("ck_code", "entries")',
    ),
    source="https://www.postgresql.org/docs/current/datatype.html",
    check=_check,
)
