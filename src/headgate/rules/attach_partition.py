"""A partition attached while its rows are looked through.

ATTACH PARTITION reads the whole new partition under an ACCESS EXCLUSIVE lock on it, to see that each row belongs
there, and the default partition too, to see that none does. A validated check that says so already saves the reading.
A new partition of a table that has a default one reads that as well.

It fires when rows of a table that was there before the change were read for a partition that came to another table. It
is silent behind a validated check, and for a table that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, derived, execute, validate
from headgate.rules._example import example
from headgate.rules._made import added, altered
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for burden in burdens(evidence):
        statement = burden.statement
        attached = [one for one in altered(statement, "table", "partition_of", "inherits") if one.after]
        new = [one for one in added(statement, "table") if str(one.after or "").startswith("partition of ")]
        if not (attached or new) or burden.rewritten:
            continue
        check = derived(burden.table, "bound")
        sql = f"ALTER TABLE {burden.table} ADD CONSTRAINT {check} CHECK (…) NOT VALID"
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait while rows are read for the partition"
            f" {listed(one.name for one in (*attached, *new))}",
            fix=(
                "with the bound of the partition as its condition, before this:",
                execute(sql),
                *apart(validate(burden.table, check)),
            ),
        )


_REVISION = partial(
    example, "make the old events a partition", intent="events are kept by number", rollback="detaches it"
)

RULE = Rule(
    name="attach-partition",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A partition is attached, or made beside a default one, and rows that were there before are read.",
    effect="SELECT, INSERT, UPDATE and DELETE on it wait until every row has been read and the transaction has ended.",
    workaround="Add a check that says what the bound says, NOT VALID, validate it by itself, then attach.",
    before=(
        "CREATE TABLE events (id bigint NOT NULL, user_id bigint) PARTITION BY RANGE (id); "
        "CREATE TABLE old_events (id bigint NOT NULL, user_id bigint)"
    ),
    bad=_REVISION(
        'op.execute("ALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM (MINVALUE) TO (9000000)")',
        'op.execute("ALTER TABLE events DETACH PARTITION old_events")',
        risk="ACCESS EXCLUSIVE on old_events",
    ),
    good=_REVISION(
        (
            'op.execute("ALTER TABLE old_events ADD CONSTRAINT bound CHECK (id < 9000000) NOT VALID")',
            "with op.get_context().autocommit_block():",
            '    op.execute("ALTER TABLE old_events VALIDATE CONSTRAINT bound")',
            'op.execute("ALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM (MINVALUE) TO (9000000)")',
        ),
        (
            'op.execute("ALTER TABLE events DETACH PARTITION old_events")',
            'op.drop_constraint("bound", "old_events")',
        ),
        risk="ACCESS EXCLUSIVE on old_events",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-ATTACH-PARTITION",
    check=_check,
)
