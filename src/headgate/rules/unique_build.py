"""A unique constraint built while everybody waits.

ADD UNIQUE builds its index under an ACCESS EXCLUSIVE lock: nobody reads or writes the table until the index is built.
An index that CREATE UNIQUE INDEX CONCURRENTLY has built can be taken over with USING INDEX, which is a change of the
catalog alone.

It fires when the index of a unique constraint was built on a table that was there before the change, also for a column
that is added UNIQUE. It is silent for USING INDEX, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._builds import built
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    return built(RULE, evidence, "unique constraint", "UNIQUE")


_REVISION = partial(
    example,
    "no two entries have one number",
    intent="others refer to entries by their number",
    rollback="drops the constraint",
)

RULE = Rule(
    name="unique-build",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A unique constraint is added to a table that was there before, and its index is built for it.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until the index is built and the transaction has ended.",
    workaround="Build a unique index concurrently, then add the constraint USING INDEX.",
    before="CREATE TABLE entries (id bigint GENERATED ALWAYS AS IDENTITY, title text)",
    bad=_REVISION(
        'op.create_unique_constraint("entries_id_key", "entries", ["id"])',
        'op.drop_constraint("entries_id_key", "entries")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        (
            "with op.get_context().autocommit_block():",
            '    op.create_index("entries_id_key", "entries", ["id"], unique=True, postgresql_concurrently=True)',
            'op.execute("ALTER TABLE entries ADD CONSTRAINT entries_id_key UNIQUE USING INDEX entries_id_key")',
        ),
        'op.drop_constraint("entries_id_key", "entries")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX",
    check=_check,
)
