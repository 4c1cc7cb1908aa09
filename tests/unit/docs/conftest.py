"""A small project whose documents are held against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from headgate.project import Project
from tests.projects import Made, make_project, revision

EXTRA = """\
BATCH = sa.text("UPDATE users SET name = 'x' WHERE name IS NULL")


def helper() -> None:
    op.get_bind().execute(BATCH)


def again() -> None:
    again()
"""

Make = Callable[..., Project]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Give a function that writes a project; a second call changes it.

    Its arguments are the lines of [tool.headgate], the body of each revision's upgrade, other files by name, and what a
    revision's text says in place of something else.
    """
    made = make_project(tmp_path / "shop", {})

    def make(
        settings: str = "",
        upgrades: Sequence[str] = (),
        files: Mapping[str, str] | None = None,
        said: Mapping[str, str] | None = None,
    ) -> Project:
        written = {"pyproject.toml": f'[tool.headgate]\njudge = "all"\n{settings}', **(files or {})}
        for number, upgrade in enumerate(upgrades):
            parent = f"2026010100000{number - 1}" if number else None
            text = revision(f"2026010100000{number}", parent, upgrade, extra=EXTRA)
            for old, new in (said or {}).items():
                assert old in text
                text = text.replace(old, new)
            written[f"alembic/versions/2026010100000{number}_change_the_schema.py"] = text
        return _write(made, written)

    return make


def _write(made: Made, files: Mapping[str, str]) -> Project:
    for name, text in files.items():
        (made.root / name).parent.mkdir(parents=True, exist_ok=True)
        (made.root / name).write_text(text, encoding="utf-8")
    return made.find()
