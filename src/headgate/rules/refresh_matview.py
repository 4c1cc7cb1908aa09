"""A materialized view filled while its readers wait.

REFRESH MATERIALIZED VIEW holds an ACCESS EXCLUSIVE lock on the view while its query runs: nobody reads the old rows
meanwhile. CONCURRENTLY, which needs a unique index on the view, changes only the rows that differ and lets readers
pass.

It fires when a materialized view that was there before the change was written anew by REFRESH without CONCURRENTLY. It
is silent for CONCURRENTLY, and for views that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._change import before
from headgate.rules._code import execute
from headgate.rules._example import example
from headgate.rules._locks import EXCLUSIVE, told
from headgate.rules._work import severity
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    there = before(evidence).objects
    for statement in run.up.statements:
        for lock in statement.held:
            view = lock.relation
            if lock.mode != EXCLUSIVE or view not in statement.rewritten or statement.made:
                continue
            if ("materialized view", view) not in there:
                continue
            yield RULE.finding(
                evidence,
                statement,
                f"readers of {view} wait while its query runs",
                seen=(*told(run, lock), "grows with what the query reads"),
                fix=(execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {view}"), "it needs a unique index on the view"),
                severity=severity(evidence, [view], RULE.severity),
            )


_REVISION = partial(
    example, "count the entries again", intent="totals are shown to users", rollback="nothing to take back"
)

RULE = Rule(
    name="refresh-matview",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A materialized view that was there before is refreshed without CONCURRENTLY.",
    effect="SELECT on the view waits until its query has run and the transaction has ended.",
    workaround="REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on the view.",
    before=(
        "CREATE TABLE entries (id bigint PRIMARY KEY, user_id bigint); "
        "CREATE MATERIALIZED VIEW totals AS SELECT user_id, count(*) FROM entries GROUP BY user_id; "
        "CREATE UNIQUE INDEX ix_totals ON totals (user_id)"
    ),
    bad=_REVISION('op.execute("REFRESH MATERIALIZED VIEW totals")', "pass", risk="locks totals while its query runs"),
    good=_REVISION(
        'op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY totals")', "pass", risk="locks totals while its query runs"
    ),
    source="https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html",
    check=_check,
)
