"""`headgate.layout`: where env.py and the revisions are, asked of Alembic once for each content of the files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from headgate import layout
from headgate.config import Config
from headgate.layout import Layout
from tests.projects import FIRST, Made, make_project, revision


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A project with one revision."""
    return make_project(tmp_path / "p", {"1.py": revision(FIRST, None)})


@pytest.fixture
def keeping(made: Made, tmp_path: Path) -> Config:
    """Its settings, where something is kept between runs."""
    return replace(made.find().config, keep=True, cache=tmp_path / "cache")


def test_the_second_time_alembic_is_not_imported(made: Made, keeping: Config) -> None:
    """That is what it is for; the command is a process of its own each time."""
    code = (
        "import sys; from pathlib import Path; from headgate import config, project;"
        " print(project.find(config.load(Path.cwd())).script_folder.name, 'alembic.config' in sys.modules)"
    )
    environment = {"HEADGATE_KEEP": "1", "HEADGATE_CACHE": str(keeping.cache), "PATH": "/usr/bin:/bin"}
    said = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=made.root, env=environment, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert said == [["alembic", "True"], ["alembic", "False"]]


def _elsewhere(root: Path) -> None:
    (root / "other").mkdir()
    ini = root / "alembic.ini"
    ini.write_text(ini.read_text().replace("/alembic\n", "/other\n"))


def _in_toml(root: Path) -> None:
    ini = root / "alembic.ini"
    ini.write_text("".join(line for line in ini.read_text().splitlines(True) if "script_location" not in line))
    (root / "other").mkdir()
    with (root / "pyproject.toml").open("a") as file:
        file.write('\n[tool.alembic]\nscript_location = "%(here)s/other"\n')


def _recursive(root: Path) -> None:
    ini = root / "alembic.ini"
    ini.write_text(ini.read_text().replace("[alembic]\n", "[alembic]\nrecursive_version_locations = true\n"))


@pytest.mark.parametrize("change", [_elsewhere, _in_toml, _recursive])
def test_another_file_is_asked_anew(made: Made, keeping: Config, change: Callable[[Path], None]) -> None:
    """A wrong folder would be judged without a word."""
    ini = made.root / "alembic.ini"
    before = layout.find(ini, keeping)
    assert layout.find(ini, keeping) == before
    change(made.root)
    now = layout.find(ini, keeping)
    assert now == layout.find(ini, replace(keeping, keep=False)) != before


def test_a_folder_that_moved_is_asked_for_anew(made: Made, keeping: Config) -> None:
    """A relative location is looked for beside the ini file first, then above it."""
    inner = made.root / "app"
    inner.mkdir()
    ini = inner / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = alembic\n")
    assert layout.find(ini, keeping).folder == str(made.root.resolve())
    (inner / "alembic").mkdir()
    assert layout.find(ini, keeping).folder == str(inner.resolve())


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}', "null"])
def test_what_is_kept_and_cannot_be_read_is_asked_anew(made: Made, keeping: Config, content: str) -> None:
    """A process may have been killed while it wrote, or the disk was full."""
    ini = made.root / "alembic.ini"
    before: Layout = layout.find(ini, keeping)
    (kept,) = (keeping.cache / "layouts").iterdir()
    kept.write_text(content)
    assert layout.find(ini, keeping) == before


def test_no_password_is_kept(made: Made, keeping: Config) -> None:
    """The ini file may hold one, and a cache is handed around."""
    ini = made.root / "alembic.ini"
    ini.write_text(f"{ini.read_text()}\nsqlalchemy.url = postgresql+psycopg://shop:s3cret@db/shop\n")
    layout.find(ini, keeping)
    assert [b"s3cret" in kept.read_bytes() for kept in (keeping.cache / "layouts").iterdir()] == [False]
