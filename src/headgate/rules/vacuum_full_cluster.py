"""A table packed while everybody waits.

VACUUM FULL and CLUSTER write the whole table and its indexes anew under an ACCESS EXCLUSIVE lock. Plain VACUUM makes
the room of deleted rows usable again and lets everybody work meanwhile.

It fires when one of them rewrote a table that was there before the change. It is silent for plain VACUUM, and for
tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, execute
from headgate.rules._example import ENTRIES, example
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


_TAGS = frozenset({"VACUUM", "CLUSTER", "REPACK"})


def _check(evidence: Evidence) -> Iterator[Finding]:
    for burden in burdens(evidence):
        if not burden.rewritten or burden.statement.tag not in _TAGS:
            continue
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.rewritten)} wait while every row is written anew by"
            f" {burden.statement.tag}",
            fix=(*apart(execute(f"VACUUM {burden.rewritten[0]}")), "or pg_repack, outside of the migrations"),
        )


_REVISION = partial(
    example, "give back the room of deleted entries", intent="the disk is full", rollback="nothing to take back"
)

RULE = Rule(
    name="vacuum-full-cluster",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="VACUUM FULL or CLUSTER writes a table anew that was there before.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row and every index is written anew.",
    workaround="Plain VACUUM in an autocommit_block, or pg_repack outside of the migrations.",
    before=ENTRIES,
    bad=_REVISION(
        (
            "with op.get_context().autocommit_block():",
            '    op.execute("VACUUM FULL entries")',
        ),
        "pass",
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        (
            "with op.get_context().autocommit_block():",
            '    op.execute("VACUUM entries")',
        ),
        "pass",
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-vacuum.html",
    check=_check,
)
