"""A domain's values looked through for NULL in every table that uses it.

ALTER DOMAIN … SET NOT NULL reads every table that has a column of the domain, under a SHARE lock on each: nobody
writes to any of them until the last is read, and there is no NOT VALID. A column can be made NOT NULL behind a
validated check instead.

It fires when rows of tables that were there before the change were read because a domain became NOT NULL. It is silent
for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import literal
from headgate.rules._example import example
from headgate.rules._made import altered
from headgate.rules._rewrites import name_of
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for burden in burdens(evidence):
        domains = [one.name for one in altered(burden.statement, "domain", "not_null") if one.after]
        if not domains or burden.rewritten:
            continue
        used = [
            (name_of(name), str(its["of"]))
            for (kind, name), its in evidence.run.after.objects.items()
            if kind == "column" and its.get("type") in domains and its["of"] in burden.tables
        ]
        calls = (f"op.alter_column({literal(table)}, {literal(name)}, nullable=False)" for name, table in used)
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait while every value of {listed(domains)} is looked at",
            fix=(
                "make the columns NOT NULL, not the domain, each behind a validated check (rule set-not-null):",
                *calls,
            ),
        )


_REVISION = partial(
    example, "every entry has points", intent="lists are sorted by points", rollback="allows NULL again"
)

RULE = Rule(
    name="domain-not-null",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A domain becomes NOT NULL, and tables that were there before are read for it.",
    effect="INSERT, UPDATE and DELETE on every table that uses the domain wait until the last of them is read.",
    workaround="Make the columns NOT NULL instead, each behind a check that was validated by itself.",
    before=("CREATE DOMAIN score AS integer; CREATE TABLE entries (id bigint PRIMARY KEY, points score)"),
    bad=_REVISION(
        'op.execute("ALTER DOMAIN score SET NOT NULL")',
        'op.execute("ALTER DOMAIN score DROP NOT NULL")',
        risk="locks every table with a score",
    ),
    good=_REVISION(
        (
            'op.execute("ALTER TABLE entries ADD CONSTRAINT scored CHECK (points IS NOT NULL) NOT VALID")',
            "with op.get_context().autocommit_block():",
            '    op.execute("ALTER TABLE entries VALIDATE CONSTRAINT scored")',
            'op.alter_column("entries", "points", nullable=False)',
            'op.drop_constraint("scored", "entries")',
        ),
        'op.alter_column("entries", "points", nullable=True)',
        risk="locks every table with a score",
    ),
    source="https://www.postgresql.org/docs/current/sql-alterdomain.html",
    check=_check,
)
