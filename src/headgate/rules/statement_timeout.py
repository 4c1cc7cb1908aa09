"""A statement that may run without end.

A statement that turns out slower than thought holds its locks for as long as it runs. With a statement_timeout it ends
by itself, and its transaction is rolled back. What the right limit is depends on the project, so this is only asked
where the project gives it a severity.

It fires, as advice, once a revision: on the first statement that takes a lock for which others wait on a table that
was there before the change, while statement_timeout is 0. It is silent when it is set, and for tables that the same
change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import ENTRIES, example
from headgate.rules._limits import unlimited
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    return unlimited(
        RULE,
        evidence,
        "statement_timeout",
        lambda tables: f"this holds its lock on {tables} however long it runs",
    )


_REVISION = partial(example, "let editors leave a note", intent="editors leave remarks", rollback="drops the column")

RULE = Rule(
    name="statement-timeout",
    severity=Severity.ADVICE,
    family="locks",
    reads="run",
    off=True,
    condition="A lock for which others wait is taken on a table that was there before, without a statement_timeout.",
    effect="A statement that is slower than thought holds its lock until somebody ends it.",
    workaround="SET LOCAL statement_timeout = '60s', or in the connection's options.",
    before=ENTRIES,
    bad=_REVISION(
        'op.add_column("entries", sa.Column("note", sa.Text()))',
        'op.drop_column("entries", "note")',
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    good=_REVISION(
        (
            "op.execute(\"SET LOCAL statement_timeout = '60s'\")",
            'op.add_column("entries", sa.Column("note", sa.Text()))',
        ),
        'op.drop_column("entries", "note")',
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    source="https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-STATEMENT-TIMEOUT",
    check=_check,
)
