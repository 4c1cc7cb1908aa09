"""Something else hangs on what is dropped or altered.

PostgreSQL refuses to drop a column that a view reads, or a table that a foreign key points to. CASCADE would take the
dependents along, whatever they are in production.

It fires when the server refused a statement because of dependents, and lists them. It is silent when the revision drops
or alters them itself, by name.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._failure import failure, line, message, seen
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    found = failure(evidence, "2BP01", "0A000")
    if found is None or (found.sqlstate == "0A000" and "view or rule" not in found.error):
        return
    dependents = (found.detail or "").splitlines()
    # A view is its table's rule _RETURN: https://www.postgresql.org/docs/current/rules-views.html
    named = [
        text.partition(" depends on ")[0].removeprefix("rule _RETURN on ")
        for text in dependents
        if " depends on " in text
    ]
    yield RULE.finding(
        evidence,
        line(evidence),
        f"{message(found)}: {', '.join(named)}" if named else message(found),
        seen=seen(evidence, found),
        fix=(
            f"first drop or alter {', '.join(named) or 'them'} in this revision, by name, and make it anew afterwards;",
            "CASCADE would drop whatever else hangs on it in production",
        ),
    )


RULE = Rule(
    name="dependent-objects",
    severity=Severity.ERROR,
    family="rows",
    reads="run",
    condition="What is dropped or altered is used by a view, a foreign key or another object.",
    effect="The upgrade stops on every database that has the dependents.",
    workaround="Drop or alter the dependents in the same revision, by name.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text); CREATE VIEW titles AS SELECT title FROM entries",
    bad=example(
        "let titles be of any length",
        'op.execute("ALTER TABLE entries ALTER COLUMN title TYPE varchar")',
        intent="a view reads the column",
    ),
    good=example(
        "no longer show titles alone",
        """
        # headgate: allow drop-object because nobody reads it
        op.execute("DROP VIEW titles")
        op.execute("ALTER TABLE entries ALTER COLUMN title TYPE varchar")
        """,
        """
        op.execute("ALTER TABLE entries ALTER COLUMN title TYPE text")
        op.execute("CREATE VIEW titles AS SELECT title FROM entries")
        """,
        intent="nobody reads the view",
    ),
    source="https://www.postgresql.org/docs/current/ddl-depend.html",
    check=_check,
)
