"""A merge from which one step back does not lead.

`alembic downgrade -1` from a revision with two parents cannot know which way to take, and stops with "Ambiguous walk".
That is found out at night, when a deployment is to be taken back.

It fires when a new revision merges branches and no other builds on it. It is silent once another one does, and for a
revision with one parent.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    revision = evidence.revision
    is_head = not any(revision.id in other.parents for other in evidence.siblings.values())
    if len(revision.parents) < 2 or not is_head:
        return
    yield RULE.finding(
        evidence,
        revision.lines["down_revision"],
        f"`alembic downgrade -1` stops here: {len(revision.parents)} ways lead back",
        fix=(
            "While one of the branches is not merged yet, let its first revision build on the other's head instead:",
            f'down_revision = "{revision.parents[0]}"',
            "else go back by name: " + ", ".join(f"alembic downgrade {parent}" for parent in revision.parents),
        ),
    )


_REVISION = '''"""add note to entries

Intent: editors leave a remark on an entry.
Risk: catalog change only; ACCESS EXCLUSIVE on entries for a moment.
Rollback: drops entries.note; the remarks are lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122170212"
down_revision = {down}


def upgrade() -> None:
    op.add_column("entries", sa.Column("note", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("entries", "note")
'''

RULE = Rule(
    name="merge-downgrade",
    severity=Severity.WARNING,
    condition="A new revision merges branches, and no other builds on it.",
    effect="`alembic downgrade -1` stops with an ambiguous walk.",
    workaround="Put one branch on top of the other, or go back by the id of the revision to go to.",
    bad=_REVISION.format(down='("20261120091500", "20261121101500")'),
    good=_REVISION.format(down='"20261121101500"'),
    source="https://alembic.sqlalchemy.org/en/latest/branches.html#merging-branches",
    check=_check,
)
