"""Where the database's address comes from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import headgate
from backend.src.core import database
from backend.src.core.config import BACKEND, Settings

URL = "postgresql+psycopg://app:secret@db.example.org/app"


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `.env` in the place of the developer's own."""
    path = tmp_path / ".env"
    path.touch()
    monkeypatch.setitem(Settings.model_config, "env_file", path)
    monkeypatch.delenv("DATABASE_URL")
    database.get_engine.cache_clear()
    return path


def test_the_environment_wins_over_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment sets the variable; a file that was left behind must not change where it writes."""
    env_file.write_text(f"DATABASE_URL={URL}")
    assert database.get_engine().url.host == "db.example.org"
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://app@other.example.org/app")
    database.get_engine.cache_clear()
    assert database.get_engine().url.host == "other.example.org"


def test_the_engine_is_one_and_making_it_connects_to_nothing(env_file: Path) -> None:
    """The host does not exist, so a connection would be seen."""
    env_file.write_text(f"DATABASE_URL={URL}")
    assert database.get_engine() is database.get_engine()


def test_the_settings_hide_the_password(env_file: Path) -> None:
    """They stand in tracebacks and logs."""
    env_file.write_text(f"DATABASE_URL={URL}")
    assert "secret" not in repr(Settings())


@pytest.mark.parametrize("text", ["", "DATABASE_URL=", (BACKEND / ".env.example").read_text(encoding="utf-8")])
def test_without_an_address_the_projects_own_server_is_used(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Also with the example file as it is: a fresh clone needs no server that somebody set up."""
    env_file.write_text(text)
    monkeypatch.setattr(headgate, "development_url", lambda start: f"postgresql+psycopg://own@/app?host={start.name}")
    assert database.get_engine().url.username == "own"


def test_the_requirements_are_those_of_the_project() -> None:
    """`pip install -r requirements/dev.txt` and the lock must not disagree on what is allowed."""
    project = tomllib.loads((BACKEND.parent / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    known = {Requirement(line) for group in groups for line in group if isinstance(line, str)}
    lines = (BACKEND / "requirements" / "base.txt").read_text(encoding="utf-8").splitlines()
    assert {Requirement(line) for line in lines if not line.startswith("#")} <= known
