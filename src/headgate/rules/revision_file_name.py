"""A revision whose file is not named `yyyymmddhhmmss_short_description.py`.

A folder of revisions is read by people: in a listing, in a review, in the log of a deployment. A name that starts with
the time sorts as the history grew, and two branches do not take the same one.

It fires when the name does not start with a date and time that exist, or goes on in anything but `a` to `z`, digits and
underscores. It is silent about the revision's id, which may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.report.model import Finding, Severity
from headgate.revisions.file import RevisionFile
from headgate.revisions.naming import file_name, parse_id
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_NAME = re.compile(r"(?P<time>[0-9]{14})_[a-z0-9_]+\.py")


def _check(evidence: Evidence) -> Iterator[Finding]:
    name = evidence.revision.path.name
    match = _NAME.fullmatch(name)
    if match and parse_id(match["time"]):
        return
    why = f"{match['time']} is not a date and time" if match else "it is not yyyymmddhhmmss_short_description.py"
    path = Path(evidence.path)
    yield RULE.finding(
        evidence,
        1,
        f"the file is named {name}: {why}",
        fix=(f"git mv {path.as_posix()} {path.with_name(_better(evidence.revision)).as_posix()}",),
    )


def _better(revision: RevisionFile) -> str:
    """The name that the file would have had: its message, and the time at which it says it was made."""
    for words in (revision.message, revision.path.stem.lstrip("0123456789_-"), revision.id):
        try:
            return file_name(words, _made(revision))
        except HeadgateError:
            continue
    return file_name("revision", _made(revision))


def _made(revision: RevisionFile) -> datetime:
    for line in revision.docstring.splitlines():
        if line.startswith("Create Date:"):
            try:
                return datetime.fromisoformat(line.partition(":")[2].strip())
            except ValueError:
                break
    return (
        parse_id(revision.path.name[:14])
        or parse_id(revision.id[:14])
        or datetime.fromtimestamp(revision.path.stat().st_mtime, UTC)
    )


_REVISION = '''"""add note to entries

Intent: editors leave a remark on an entry.
Risk: catalog change only; ACCESS EXCLUSIVE on entries for a moment.
Rollback: drops entries.note; the remarks are lost.

Revision ID: 20261122170212
Revises: 20261120091500
Create Date: 2026-11-22 17:02:12
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
    name="revision-file-name",
    severity=Severity.ERROR,
    condition="The file of a new revision is not named yyyymmddhhmmss_short_description.py.",
    effect="A listing of the folder does not show the order of the history or what a revision does.",
    workaround="Rename the file; Alembic finds a revision by the id in it, not by its name.",
    bad=_REVISION,
    bad_name="9f3c1a7e_Add-Note.py",
    good=_REVISION,
    source="https://alembic.sqlalchemy.org/en/latest/tutorial.html#editing-the-ini-file",
    check=_check,
)
