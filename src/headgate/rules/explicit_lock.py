"""A table locked by hand.

LOCK TABLE holds its lock until the transaction ends, whatever the statements after it need. Most of them take the lock
that they need themselves, later and weaker.

It fires when LOCK TABLE, also in a DO block or a function that does nothing else to the schema, takes a lock for which
others wait on a table that was there before the change. It is silent for the weaker modes, and for tables that the
same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import ENTRIES, example
from headgate.rules._locks import blocking, told
from headgate.rules._work import listed, severity
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


_BY_HAND = frozenset({"LOCK TABLE", "DO", "SELECT", "CALL"})


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for statement in run.up.statements:
        locks = blocking(run, statement.locks)
        did = statement.made or statement.rewritten or statement.truncated or statement.reindexed
        if not locks or did or statement.tag not in _BY_HAND:
            continue
        modes = listed(lock.mode for lock in locks.values())
        yield RULE.finding(
            evidence,
            statement,
            f"{listed(locks)} is locked by hand, in {modes} mode, until the transaction ends",
            seen=told(run, *locks.values()),
            fix=("leave it out: the statements after it take the locks that they need",),
            severity=severity(evidence, locks, RULE.severity),
        )


_REVISION = partial(example, "let editors leave a note", intent="editors leave remarks", rollback="drops the column")

RULE = Rule(
    name="explicit-lock",
    severity=Severity.WARNING,
    family="locks",
    reads="run",
    condition="LOCK TABLE takes a lock for which others wait on a table that was there before.",
    effect="Readers or writers wait until the transaction ends, from before the first change needs that.",
    workaround="Leave it out, or take a mode that lets others work.",
    before=ENTRIES,
    bad=_REVISION(
        (
            'op.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")',
            'op.add_column("entries", sa.Column("note", sa.Text()))',
        ),
        'op.drop_column("entries", "note")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        'op.add_column("entries", sa.Column("note", sa.Text()))',
        'op.drop_column("entries", "note")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-lock.html",
    check=_check,
)
