"""A revision that does not say why it is made, what it risks and how it is undone.

Who reviews a revision, and who stands before a failed deployment, needs three answers that the operations do not give.
They stand in the docstring at the top, below the message:

    Intent: editors leave a remark on an entry.
    Risk: catalog change only; ACCESS EXCLUSIVE on entries for a moment.
    Rollback: drops entries.note; the remarks are lost.

It fires when the message or one of the lines is missing, empty or still the template's `<placeholder>`. It is silent
about the lines of a merge revision that does nothing but join two branches.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.revisions.file import RevisionFile, does_nothing
from headgate.revisions.header import PLACEHOLDERS, is_filled
from headgate.rules._work import listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_NO_MESSAGE = "empty message"  # what Alembic writes without -m


def _check(evidence: Evidence) -> Iterator[Finding]:
    header = evidence.revision.header
    has_message = is_filled(header.message) and header.message != _NO_MESSAGE
    lines = () if _only_joins(evidence.revision) else header.missing
    missing = lines if has_message else ("a message", *lines)
    if not missing:
        return
    subject = header.message if has_message else evidence.revision.path.stem
    yield RULE.finding(
        evidence,
        1,
        f"the header does not say {listed(missing)}",
        fix=(
            f"In the docstring of {evidence.revision.path.name}, for {subject}:",
            *(f"{name}: {PLACEHOLDERS[name]}" for name in lines),
            *(() if has_message else ("<what it does>, as the first line",)),
        ),
    )


def _only_joins(revision: RevisionFile) -> bool:
    upgrade = revision.function("upgrade")
    return len(revision.parents) > 1 and (upgrade is None or does_nothing(upgrade))


_REVISION = '''"""add note to entries
{lines}
Revision ID: 20261122170212
Revises: 20261120091500
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122170212"
down_revision = "20261120091500"


def upgrade() -> None:
    op.add_column("entries", sa.Column("note", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("entries", "note")
'''

RULE = Rule(
    name="revision-header",
    severity=Severity.ERROR,
    condition="The docstring of a new revision lacks its message, Intent, Risk or Rollback, or leaves one unfilled.",
    effect="Whoever reviews or rolls back the revision must guess what it is for and what undoing it loses.",
    workaround="Fill in the three lines; `inv migrate.new` writes what it can tell from the schema.",
    bad=_REVISION.format(lines=""),
    good=_REVISION.format(
        lines="""
Intent: editors leave a remark on an entry.
Risk: catalog change only; ACCESS EXCLUSIVE on entries for a moment.
Rollback: drops entries.note; the remarks are lost.
"""
    ),
    source="https://alembic.sqlalchemy.org/en/latest/tutorial.html#create-a-migration-script",
    check=_check,
)
