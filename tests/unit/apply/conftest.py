"""A project whose env.py connects to a database of its own, as a developer's or a deployment's does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.postgres.scratch import Database
from tests.projects import Made, make_project


@pytest.fixture
def real(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Made]:
    """Writes the project; the arguments are those of `make_project` after the folder."""
    monkeypatch.setenv("DATABASE_URL", database.url())
    return lambda *revisions, **parts: make_project(tmp_path / "p", *revisions, **parts)
