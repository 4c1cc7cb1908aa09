"""A revision from its functions alone, judged by one rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate import rules
from headgate.report.model import Finding
from headgate.revisions.file import read
from headgate.rules.rule import Evidence

HEADER = '''"""add note to entries

Intent: editors leave a remark on an entry.
Risk: catalog change only; ACCESS EXCLUSIVE on entries for a moment.
Rollback: drops entries.note; the remarks are lost.
"""
'''
TOP = """
import sqlalchemy as sa
from alembic import op

revision = "20261122170212"
down_revision = "20261120091500"

"""
DOWNGRADE = """

def downgrade() -> None:
    op.drop_column("entries", "note")
"""
UPGRADE = """
def upgrade() -> None:
    op.add_column("entries", sa.Column("note", sa.Text(), nullable=True))
"""


@dataclass
class Judge:
    """One rule, and a folder to write the revision to."""

    rule: str
    folder: Path

    def __call__(
        self,
        code: str = UPGRADE + DOWNGRADE,
        *,
        header: str = HEADER,
        top: str = TOP,
        name: str = "20261122170212_add_note_to_entries.py",
        merged: str | None = None,
    ) -> tuple[Finding, ...]:
        """What the rule finds in header + top + code."""
        path = self.folder / "backend" / "alembic" / "versions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(header + top + code, encoding="utf-8")
        revision = read(path)
        assert revision is not None
        evidence = Evidence(
            revision=revision,
            root=self.folder,
            merged_source=merged,
            model_modules=frozenset({"backend", "src"}),
        )
        rule = next(rule for rule in rules.load() if rule.name == self.rule)
        return tuple(rule.check(evidence))


@pytest.fixture
def judge(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., tuple[Finding, ...]]:
    """The rule is the one that the test module is named after."""
    return Judge(request.path.stem.removeprefix("test_").replace("_", "-"), tmp_path)
