"""A name that the server cut off.

PostgreSQL keeps 63 bytes of a name and drops the rest with a notice. The models go on with the whole name: every
comparison finds a difference, a second long name may be cut to the same, and the downgrade drops another one.

It fires when the server told that it cut a name in a statement of the upgrade. It is silent for names that fit.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_TOLD = "will be truncated to"  # SQLSTATE 42622, name_too_long


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement in evidence.run.up.statements:
        notice = next((notice for notice in statement.notices if _TOLD in notice), None)
        if notice is not None:
            yield RULE.finding(
                evidence,
                statement,
                "a name is longer than 63 bytes, and the server cut it off",
                seen=(f"PostgreSQL {evidence.run.server}: {' '.join(notice.split())}",),
                fix=("Give it a name of at most 63 bytes, in the model as well.",),
            )


RULE = Rule(
    name="identifier-too-long",
    severity=Severity.ERROR,
    family="schema",
    reads="run",
    condition="A name in a statement is longer than 63 bytes.",
    effect="The object has another name than the models say, and two such names may become one.",
    workaround="Give it a shorter name.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "say when a title was last looked at",
        intent="the list shows what is new",
        up="""
        op.execute("ALTER TABLE entries ADD the_moment_at_which_somebody_looked_at_the_title_of_entry_lastly date")
        """,
        down='op.drop_column("entries", "the_moment_at_which_somebody_looked_at_the_title_of_entry_lastl")',
    ),
    good=example(
        "say when a title was last looked at",
        intent="the list shows what is new",
        up='op.add_column("entries", sa.Column("seen_at", sa.DateTime(timezone=True)))',
        down='op.drop_column("entries", "seen_at")',
    ),
    source="https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS",
    check=_check,
)
