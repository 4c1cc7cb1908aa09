"""Every row of a table written in one statement.

An UPDATE or DELETE that touches every row of a large table keeps each row locked until the end, leaves a dead copy of
each behind, fills the write-ahead log, and makes replicas fall back. When it fails after an hour, all of that was for
nothing. In batches, each in a transaction of its own, others hardly notice.

It fires when one statement updated or deleted every row of a table that was there before the change, or a loop did so
in one transaction. It is silent for a loop of batches in an autocommit_block, for a procedure that commits on its way,
where backfill-in-tx speaks, and for tables that the same change created. Where the table is known to be small in
production it is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._example import ENTRIES, example
from headgate.rules._locks import earlier
from headgate.rules._rows import all_of, batches, is_batch, together, written
from headgate.rules._work import severity
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.rehearsal.trace import Statement, Work

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for statement in run.up.statements:
        works = [work for work in written(run, statement) if all_of(run, work)]
        if not works or earlier(run, statement) or is_batch(run, statement):
            continue
        yield _finding(evidence, statement, works[0], "one statement", [one.relation for one in works])
    for statement, work, number in together(run):
        if not earlier(run, statement):
            yield _finding(evidence, statement, work, f"{number:,} statements of one transaction", [work.relation])


def _finding(evidence: Evidence, statement: Statement, work: Work, how: str, tables: list[str]) -> Finding:
    run = evidence.run
    rows = run.up.rows[work.relation]
    does = "updated" if work.updated >= work.deleted else "deleted"
    return RULE.finding(
        evidence,
        statement,
        f"every row of {work.relation} is {does} in {how}",
        seen=(
            f"PostgreSQL {run.server}: {rows:,} of {rows:,} rows {does}; grows with the table",
            "each row stays locked against other writers until the transaction has ended",
        ),
        fix=batches(run, work),
        severity=severity(evidence, tables, RULE.severity),
    )


_REVISION = partial(example, "mark every entry as read", intent="the mark is new", rollback="nothing to take back")

RULE = Rule(
    name="bulk-dml",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="One statement updates or deletes every row of a table that was there before.",
    effect="Writers of the rows wait until all are done; the table grows to twice its size; replicas fall back.",
    workaround="Do it in batches, each in a transaction of its own.",
    before=ENTRIES,
    bad=_REVISION('op.execute("UPDATE entries SET size = 0")', "pass", risk="writes every entry"),
    good=_REVISION(
        (
            "with op.get_context().autocommit_block():",
            '    ids = "SELECT id FROM entries WHERE size <> 0 LIMIT 50"',
            '    while op.get_bind().exec_driver_sql(f"UPDATE entries SET size = 0 WHERE id IN ({ids})").rowcount:',
            "        pass",
        ),
        "pass",
        risk="writes every entry",
    ),
    source="https://www.postgresql.org/docs/current/sql-update.html",
    check=_check,
)
