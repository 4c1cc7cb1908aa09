"""The wheel, in an environment that has nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.checkout import ROOT
from tests.packaging.environment import Environment


def test_the_wheel_has_the_package_and_nothing_else(dist: Path) -> None:
    """What lands in site-packages beside headgate/ belongs to everybody: no tests, no backend, no tasks."""
    [wheel] = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert {name.partition("/")[0] for name in names} == {"headgate", "headgate-0.1.0.dist-info"}
    package = {name for name in names if name.startswith("headgate/")}
    tracked = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*") if path.is_file()}
    assert package == {name for name in tracked if "__pycache__" not in name}
    assert "headgate/py.typed" in package


def test_the_command_and_the_module_say_the_version_and_the_tasks(clean: Environment, tmp_path: Path) -> None:
    """The first thing typed after `pip install headgate`, in a folder that has no project."""
    version = clean.run("headgate", "--version", cwd=tmp_path)
    assert (version.returncode, version.stdout) == (0, "headgate 0.1.0\n"), version.stderr
    assert clean.run("python", "-m", "headgate", "--version", cwd=tmp_path).stdout == version.stdout

    help_ = clean.run("headgate", "--help", cwd=tmp_path)
    assert help_.returncode == 0, help_.stderr
    assert "Usage: headgate" in help_.stdout

    listed = clean.run("headgate", "--list", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert "migrate.review" in listed.stdout


def test_a_folder_without_a_project_is_two_lines_and_code_2(clean: Environment, tmp_path: Path) -> None:
    """The second thing typed, in the wrong folder: no traceback, and what to do."""
    done = clean.run("headgate", "gate", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["error", "  fix"]
