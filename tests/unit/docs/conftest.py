"""A small project on disk whose documents can be held against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headgate import config, project
from headgate.project import Project

REVISION = '''"""{message}

Intent: for the test.
Risk: {risk}
Rollback: {rollback}
"""

import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {parent!r}

BATCH = sa.text("UPDATE users SET name = 'x' WHERE name IS NULL")


def upgrade() -> None:
    {upgrade}


def helper() -> None:
    op.get_bind().execute(BATCH)


def downgrade() -> None:
    pass
'''


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Project]:
    """Give a function that writes a project: its settings, its upgrades one revision each, and its other files."""

    def make(
        settings: str = "", upgrades: tuple[str, ...] = (), files: dict[str, str] | None = None, **said: str
    ) -> Project:
        (tmp_path / "headgate.toml").write_text(f'judge = "all"\n{settings}')
        (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
        versions = tmp_path / "migrations" / "versions"
        versions.mkdir(parents=True, exist_ok=True)
        (tmp_path / "migrations" / "env.py").write_text("")
        words = {"message": "change entries", "risk": "None.", "rollback": "drops it.", **said}
        for number, upgrade in enumerate(upgrades):
            parent = f"2026010100000{number - 1}" if number else None
            text = REVISION.format(id=f"2026010100000{number}", parent=parent, upgrade=upgrade, **words)
            (versions / f"2026010100000{number}_change_entries.py").write_text(text)
        for name, text in (files or {}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return project.find(config.load(tmp_path))

    return make
