"""The wheel as it would be published, and an environment that has nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import checkout
from tests.checkout import ROOT
from tests.packaging.environment import Environment


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist of this checkout, and the wheel that was built from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def clean(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    subprocess.run([sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    environment = Environment(folder / "bin", dist)
    environment.install(*map(str, dist.glob("*.whl")))
    return environment


@pytest.fixture
def adopter(tmp_path: Path) -> Path:
    """A small project of somebody else's, in git."""
    project = tmp_path / "shop"
    shutil.copytree(Path(__file__).parent / "adopter", project)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(project)], check=True)
    checkout.commit(project)
    return project
