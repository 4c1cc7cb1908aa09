"""An upgrade that passes on empty tables and stops on ordinary rows.

The schema is what a test database has; the rows are what production has. What fails on rows that break nothing which
is known of the schema will fail there too.

It fires when the upgrade failed with rows in the tables and passed without, and no other rule says why. It is silent
where a failure needs certain rows, which is told as a precondition.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._failure import failure, line, message, seen
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    found = failure(evidence)
    if found is None or evidence.run.empty_too:
        return
    yield RULE.finding(
        evidence,
        line(evidence),
        f"passes on empty tables and fails on rows: {message(found)}",
        seen=seen(evidence, found, "the same revision passes on empty tables"),
        fix=("have the statement allow for the rows that are there, or mend them first in a revision of its own",),
    )


RULE = Rule(
    name="upgrade-fails-on-rows",
    severity=Severity.ERROR,
    family="rows",
    general=True,
    reads="run",
    condition="The upgrade passes on empty tables and fails on ordinary rows.",
    effect="The upgrade stops on every database that is in use.",
    workaround="Allow for the rows that are there.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text)",
    bad=example(
        "let an entry be found by a code",
        """
        op.add_column("entries", sa.Column("code", sa.Text(), server_default="none"))
        op.create_unique_constraint("entries_code_key", "entries", ["code"])
        """,
        'op.drop_column("entries", "code")',
        intent="support asks for a code",
    ),
    good=example(
        "let an entry be found by a code",
        'op.add_column("entries", sa.Column("code", sa.Text()))',
        'op.drop_column("entries", "code")',
        intent="support asks for a code",
    ),
    source="https://www.postgresql.org/docs/current/ddl-alter.html",
    check=_check,
)
