"""Work that grows with the table, while others wait for it.

What takes a strong lock keeps it until its transaction ends. On a table with many rows every read or rewrite under it
is an outage as long as the table is large, whatever the statement is called.

It fires when a statement read, or wrote anew, the rows of a table that was there before the change, while the
transaction held a lock on it that makes readers or writers wait. It is silent where a rule for that statement speaks,
for tables that the same change created, and for a lock that is held for catalog work alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._work import burdens
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for burden in burdens(evidence):
        does = "is rewritten" if burden.table in burden.rewritten else "is read"
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {burden.strongest.relation} wait while {burden.table} {does}",
            fix=(
                "Do this work in a transaction that holds no strong lock: before the statement that takes it,",
                "or in a revision of its own.",
            ),
        )


_REVISION = '''"""give entries a place for their length

Intent: lists show how long an entry is.
Risk: a short ACCESS EXCLUSIVE lock on entries.
Rollback: drops the column.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122170212"
down_revision = "20261120091500"


def upgrade() -> None:
    {up}


def downgrade() -> None:
    op.drop_column("entries", "length")
'''

RULE = Rule(
    name="work-under-lock",
    severity=Severity.ERROR,
    family="work",
    general=True,
    reads="run",
    condition="Rows of a table that was there before are read or rewritten while a lock on it makes others wait.",
    effect="Readers or writers of the table wait until the work is done and the transaction has ended.",
    workaround="Do the work in a transaction of its own that holds no strong lock.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, user_id bigint NOT NULL, title text NOT NULL)",
    bad=_REVISION.format(
        up="""op.add_column("entries", sa.Column("length", sa.Integer()))
    op.get_bind().execute(sa.text("SELECT max(length(title)) FROM entries"))"""
    ),
    good=_REVISION.format(
        up="""op.get_bind().execute(sa.text("SELECT max(length(title)) FROM entries"))
    op.add_column("entries", sa.Column("length", sa.Integer()))"""
    ),
    source="https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES",
    check=_check,
)
