"""A partition detached behind a lock that everybody waits for.

DETACH PARTITION takes an ACCESS EXCLUSIVE lock on the partitioned table. It is quick, but it waits for every running
query on any partition first, and whoever comes later waits behind it. DETACH PARTITION CONCURRENTLY lets them pass.

It fires when a partition is detached without CONCURRENTLY from a table that was there before the change: as advice,
and as a warning where a table is known to be large in production. It is silent for CONCURRENTLY, and for tables that
the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, execute
from headgate.rules._example import example
from headgate.rules._made import altered, was_there
from headgate.rules._work import burdens, large
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    work = {burden.statement.number: burden for burden in burdens(evidence)}
    for statement in run.up.statements:
        for one in altered(statement, "table", "partition_of"):
            if one.before is None or one.after is not None or statement.concurrent or not was_there(run, one.name):
                continue
            parents = [kind_and_name[1] for kind_and_name in run.before.objects if kind_and_name[0] == "table"]
            parent = next((name for name in parents if str(one.before).startswith(f"{name} ")), "its table")
            burden = work.get(statement.number)
            usual = Severity.WARNING if large(evidence, [parent, one.name]) else None
            yield RULE.finding(
                evidence,
                statement,
                f"readers and writers on {parent} wait while the detaching of {one.name} waits for its lock",
                seen=burden.seen()
                if burden
                else (
                    f"PostgreSQL {run.server}: ACCESS EXCLUSIVE on {parent}, for catalog work alone",
                    "blocks SELECT, INSERT, UPDATE, DELETE until the transaction has ended",
                ),
                fix=apart(execute(f"ALTER TABLE {parent} DETACH PARTITION {one.name} CONCURRENTLY")),
                severity=burden.severity if burden else usual,
            )


_REVISION = partial(
    example, "set the old events aside", intent="nobody reads them any more", rollback="attaches it again"
)

RULE = Rule(
    name="detach-partition",
    severity=Severity.ADVICE,
    family="work",
    reads="run",
    condition="A partition of a table that was there before is detached without CONCURRENTLY.",
    effect="Everything that touches the table waits behind the statement, which waits for every running query.",
    workaround="DETACH PARTITION CONCURRENTLY in an autocommit_block, in a revision of its own.",
    before=(
        "CREATE TABLE events (id bigint NOT NULL, user_id bigint) PARTITION BY RANGE (id); "
        "CREATE TABLE old_events PARTITION OF events FOR VALUES FROM (0) TO (1000000)"
    ),
    bad=_REVISION(
        'op.execute("ALTER TABLE events DETACH PARTITION old_events")',
        'op.execute("ALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM (0) TO (1000000)")',
        risk="ACCESS EXCLUSIVE on events for a moment",
    ),
    good=_REVISION(
        (
            "with op.get_context().autocommit_block():",
            '    op.execute("ALTER TABLE events DETACH PARTITION old_events CONCURRENTLY")',
        ),
        (
            'op.execute("ALTER TABLE old_events DROP CONSTRAINT IF EXISTS old_events_id_check")',
            'op.execute("ALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM (0) TO (1000000)")',
        ),
        risk="ACCESS EXCLUSIVE on events for a moment",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION",
    check=_check,
)
