"""An index that no query uses.

An index that is not valid is kept up by every write and read by no query. A concurrent build that failed leaves one,
and so does CREATE INDEX ON ONLY a partitioned table, until every partition has its part attached.

It fires when an index is invalid at the end of the revision that was not before: an error, and for one of a partitioned
table a warning. It is silent when the revision attaches the last part, or drops it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._change import attributes
from headgate.rules._example import example
from headgate.rules._indexes import indexes
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.rehearsal.trace import Statement

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for index in indexes(run.after):
        is_new = run.before.objects.get(index.key, {}).get("valid") is not False
        statement = _statement(evidence, index.key)
        if index.valid or not is_new or statement is None:
            continue
        partitioned = "partition_key" in attributes(run.after, "table", index.table)
        yield RULE.finding(
            evidence,
            statement,
            f"{index.name} is left INVALID: writes keep it up, and no query uses it",
            seen=(f"PostgreSQL {run.server}: indisvalid is false when the revision has ended",),
            fix=(
                ("ALTER INDEX … ATTACH PARTITION an index of each partition, in the same revision",)
                if partitioned
                else (
                    f'op.execute("DROP INDEX CONCURRENTLY IF EXISTS {index.name}")',
                    "Mend what stopped the build, and build it again.",
                )
            ),
            severity=None if partitioned else Severity.ERROR,
        )


def _statement(evidence: Evidence, key: tuple[str, str]) -> Statement | None:
    """The last statement that made it so, or the one that failed."""
    found = None
    for statement in evidence.run.up.statements:
        if statement.error or any((one.kind, one.name) == key for one in statement.made):
            found = statement
    return found


RULE = Rule(
    name="invalid-index",
    severity=Severity.WARNING,
    family="again",
    reads="run",
    condition="An index is invalid when the revision has ended.",
    effect="Every write pays for it, no query uses it, and a unique one does not keep what it promises.",
    workaround="Drop it, mend what stopped the build, and build it again; attach a part for each partition.",
    before="""CREATE TABLE events (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
        CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')""",
    bad=example(
        "find events by id",
        intent="support looks for one event",
        up='op.execute("CREATE INDEX ix_events_id ON ONLY events (id)")',
        down='op.drop_index("ix_events_id", "events")',
    ),
    good=example(
        "find events by id",
        intent="support looks for one event",
        up="""
        op.execute("CREATE INDEX ix_events_id ON ONLY events (id)")
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY ix_events_2026_id ON events_2026 (id)")
        op.execute("ALTER INDEX ix_events_id ATTACH PARTITION ix_events_2026_id")
        """,
        down='op.drop_index("ix_events_id", "events")',
    ),
    source="https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE",
    check=_check,
)
