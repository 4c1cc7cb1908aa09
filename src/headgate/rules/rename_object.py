"""A view, function, sequence, type or schema that is called otherwise.

What is stored in the database follows a rename. What a client sends does not: a query that names the old view,
function, type or schema fails from that moment. SQLAlchemy writes an enum's name into every statement with a value.

It fires when such an object that was there before the change has another name, or another schema, after it. It is
silent when something of the old name is there, and for tables and columns, which have rules of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import before
from headgate.rules._example import example
from headgate.rules._moved import renames
from headgate.rules.drop_object import KINDS
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    after = evidence.run.after.objects
    for one in renames(evidence, *KINDS):
        if (one.kind, one.old) not in before(evidence).objects or any((kind, one.old) in after for kind in KINDS):
            continue
        yield RULE.finding(
            evidence,
            one.statement,
            f"code that runs now does not find the {one.kind} {one.old}: it is called {one.new}",
            seen=(f"PostgreSQL {evidence.run.server}: {one.old} is {one.new} after it, and nothing has the old name",),
            fix=(
                f"Make {one.new} beside {one.old}, release code that uses it,",
                f"and drop {one.old} when no release that knows it can run.",
            ),
        )


RULE = Rule(
    name="rename-object",
    severity=Severity.WARNING,
    family="clients",
    reads="run",
    condition="A view, function, sequence, type or schema that was there before has another name after the change.",
    effect="Queries of the running release that name it fail until the new release is everywhere.",
    workaround="Make the new one beside the old one, and drop the old one in a later release.",
    before="""CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL);
        CREATE VIEW titles AS SELECT title FROM entries""",
    bad=example(
        "call the view of titles headlines",
        intent="the page says headlines",
        up='op.execute("ALTER VIEW titles RENAME TO headlines")',
        down='op.execute("ALTER VIEW headlines RENAME TO titles")',
    ),
    good=example(
        "offer headlines beside titles",
        intent="the page says headlines",
        up='op.execute("CREATE VIEW headlines AS SELECT title FROM entries")',
        down='op.execute("DROP VIEW headlines")',
    ),
    source="https://www.postgresql.org/docs/current/sql-alterview.html",
    check=_check,
)
