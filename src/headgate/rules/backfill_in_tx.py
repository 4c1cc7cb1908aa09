"""Rows written while a lock makes everybody wait.

UPDATE and DELETE let others read and write other rows. In a transaction that has altered a table first, they run under
its lock: whoever needs that table waits for them as well, for as long as the rows take.

It fires when a statement updates or deletes rows of a table that was there before the change, reads or touches all of
it for that, and its transaction holds a lock from an earlier statement that makes readers or writers of such a table
wait. It is silent when few rows are found through an index, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import ENTRIES, example
from headgate.rules._locks import EXCLUSIVE, earlier, told
from headgate.rules._rows import batches, reads_all, written
from headgate.rules._work import listed, severity
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for statement in run.up.statements:
        held = earlier(run, statement)
        works = [work for work in written(run, statement) if reads_all(run, work)]
        if not held or not works:
            continue
        work = max(works, key=lambda one: one.updated + one.deleted)
        lock = max(held.values(), key=lambda one: one.strength)
        changed, rows = work.updated + work.deleted, run.up.rows[work.relation]
        who = "readers and writers" if lock.mode == EXCLUSIVE else "writers"
        yield RULE.finding(
            evidence,
            statement,
            f"{who} on {listed(held)} wait while rows of {work.relation} are written",
            seen=(
                *told(run, *held.values()),
                f"{changed:,} of {rows:,} rows of {work.relation} written under it; grows with the table",
            ),
            fix=("in a revision of its own, before or after this one:", *batches(run, work)),
            severity=severity(evidence, (one.relation for one in works), RULE.severity),
        )


_REVISION = partial(example, "give entries a state", intent="lists show the state", rollback="drops the column")

RULE = Rule(
    name="backfill-in-tx",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="Rows of a table that was there before are written under a lock that an earlier statement took.",
    effect="Readers or writers of the locked table wait until the rows are written and the transaction has ended.",
    workaround="Write the rows in a revision of its own, in batches, each in a transaction of its own.",
    before=ENTRIES,
    bad=_REVISION(
        (
            'op.add_column("entries", sa.Column("state", sa.Text()))',
            "op.execute(\"UPDATE entries SET state = 'new'\")",
        ),
        'op.drop_column("entries", "state")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        'op.add_column("entries", sa.Column("state", sa.Text(), server_default="new"))',
        'op.drop_column("entries", "state")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES",
    check=_check,
)
