"""An index built on every partition at once.

CREATE INDEX on a partitioned table builds the index of each partition, one after the other, in one transaction, and
writers wait for the last of them. CONCURRENTLY is not allowed there: an index that is made ON ONLY the parent reads no
row, each partition's index can be built concurrently, and the parent's becomes valid when the last one is attached.

It fires when the build read the rows of partitions that were there before the change. It is silent for an index made
ON ONLY the parent, for indexes built concurrently on the partitions, and for a table that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, derived, execute
from headgate.rules._example import example
from headgate.rules._made import attributes
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for burden in burdens(evidence):
        made = burden.added("index")
        if not made or burden.rewritten or not burden.on_partitioned(made):
            continue
        name = made[0].name
        its = attributes(evidence.run, burden.statement, "index", name)
        own, partition = name.rpartition(".")[2], burden.table
        shape = f"USING {its.get('method', 'btree')} {its.get('definition', '(…)')}"
        unique = "UNIQUE " if its.get("unique") else ""
        part = derived(partition, name)
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait while the index {name} is built",
            fix=(
                execute(f"CREATE {unique}INDEX {own} ON ONLY {its.get('of', '…')} {shape}"),
                "and for each partition:",
                *apart(
                    execute(f"CREATE {unique}INDEX CONCURRENTLY {part} ON {partition} {shape}"),
                    execute(f"ALTER INDEX {name} ATTACH PARTITION {part}"),
                ),
            ),
        )


_REVISION = partial(
    example,
    "find the events of a user",
    intent="the list of a user's events reads every partition",
    rollback="drops the index",
)

RULE = Rule(
    name="index-on-partitioned",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="An index is built on a partitioned table whose partitions were there before.",
    effect="INSERT, UPDATE and DELETE on every partition wait until the last index is built.",
    workaround="Make it ON ONLY the parent, build each partition's index concurrently, attach them.",
    before=(
        "CREATE TABLE events (id bigint NOT NULL, user_id bigint) PARTITION BY RANGE (id); "
        "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000000)"
    ),
    bad=_REVISION(
        'op.create_index("ix_events_user_id", "events", ["user_id"])',
        'op.drop_index("ix_events_user_id", "events")',
        risk="builds an index on each partition of events",
    ),
    good=_REVISION(
        (
            'op.execute("CREATE INDEX ix_events_user_id ON ONLY events (user_id)")',
            "with op.get_context().autocommit_block():",
            '    op.execute("CREATE INDEX CONCURRENTLY ix_events_1_user_id ON events_1 (user_id)")',
            '    op.execute("ALTER INDEX ix_events_user_id ATTACH PARTITION ix_events_1_user_id")',
        ),
        'op.drop_index("ix_events_user_id", "events")',
        risk="builds an index on each partition of events",
    ),
    source="https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE",
    check=_check,
)
