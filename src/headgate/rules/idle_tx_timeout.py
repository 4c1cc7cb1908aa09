"""A transaction that may stay open with nobody behind it.

A revision whose process hangs between two statements, in Python or on the network, keeps its locks. With an
idle_in_transaction_session_timeout the server ends the session instead. What the right limit is depends on the
project, so this is only asked where the project gives it a severity.

It fires, as advice, once a revision: on the first statement that takes a lock for which others wait on a table that
was there before the change, while idle_in_transaction_session_timeout is 0. It is silent when it is set, and for
tables that the same change created.
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
        "idle_in_transaction_session_timeout",
        lambda tables: f"the lock on {tables} stays when the process behind it hangs",
        in_transaction=True,
    )


_REVISION = partial(example, "let editors leave a note", intent="editors leave remarks", rollback="drops the column")

RULE = Rule(
    name="idle-tx-timeout",
    severity=Severity.ADVICE,
    family="locks",
    reads="run",
    off=True,
    condition="A transaction locks a table that was there before, without an idle_in_transaction_session_timeout.",
    effect="When the process hangs between two statements, its locks stay.",
    workaround="SET LOCAL idle_in_transaction_session_timeout = '60s', or in the connection's options.",
    before=ENTRIES,
    bad=_REVISION(
        'op.add_column("entries", sa.Column("note", sa.Text()))',
        'op.drop_column("entries", "note")',
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    good=_REVISION(
        (
            "op.execute(\"SET LOCAL idle_in_transaction_session_timeout = '60s'\")",
            'op.add_column("entries", sa.Column("note", sa.Text()))',
        ),
        'op.drop_column("entries", "note")',
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    source="https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT",
    check=_check,
)
