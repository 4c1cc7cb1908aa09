"""`headgate.requirements`: what a project's files ask for, and what of that is not here."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate import requirements

PYPROJECT = """\
[project]
dependencies = ["Psycopg[binary]>=3", "no-such-thing ; python_version < '3'", "no_such.one~=1.0"]
[project.optional-dependencies]
async = ["asyncpg"]
[dependency-groups]
dev = ["psycopg2_binary", {include-group = "test"}]
[tool.poetry.dependencies]
python = "^3.11"
no-such-poem = "*"
windows-only = {version = "1", markers = "sys_platform == 'win32'"}
"""


def test_every_name_is_read_whatever_form_it_stands_in(tmp_path: Path) -> None:
    """The driver may be named in a group, an extra, or a file of its own."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "requirements-dev.txt").write_text("# all\n--index-url https://example.org\nSQLAlchemy==2.0 # pinned\n")
    named = set(requirements.declared(tmp_path))
    assert {"sqlalchemy", "psycopg", "asyncpg", "psycopg2-binary", "no-such-poem", "no-such-one"} <= named
    assert "test" not in named


def test_only_what_the_project_cannot_do_without_is_missing(tmp_path: Path) -> None:
    """An extra may be left out on purpose, and a marker may mean another machine."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "requirements.txt").write_text("-r base.txt\n-e .\n./wheels/x.whl\nown @ https://example.org/own.whl\n")
    (tmp_path / "base.txt").write_text("-r requirements.txt\nno-such-base>=1\nsqlalchemy\n")
    assert requirements.missing(tmp_path) == ("no-such-base", "own", "no_such.one", "no-such-poem")


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("requirements.txt", "python -m pip install -r requirements.txt"),
        ("pyproject.toml", "python -m pip install -e ."),
        ("uv.lock", "uv sync"),
        ("poetry.lock", "poetry install"),
        ("pdm.lock", "pdm install"),
        ("Pipfile.lock", "pipenv install"),
    ],
)
def test_the_command_is_the_one_of_the_projects_own_tool(file: str, command: str, tmp_path: Path) -> None:
    """Who uses uv would break the environment with pip."""
    (tmp_path / file).write_text("")
    assert requirements.command(tmp_path) == command


@pytest.mark.parametrize("text", ["[project", "project = 1", "[project]\ndependencies = 1", "tool.poetry = 2"])
def test_a_pyproject_of_another_form_asks_for_nothing(text: str, tmp_path: Path) -> None:
    """Its own tool says what is wrong with it."""
    (tmp_path / "pyproject.toml").write_text(text)
    assert (list(requirements.declared(tmp_path)), requirements.missing(tmp_path)) == ([], ())
