"""headgate in somebody else's project: their tasks.py, their noxfile, their hooks, their env.py unchanged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests import checkout
from tests.packaging.environment import Environment


def test_three_lines_of_tasks_bring_the_workflow(clean: Environment, adopter: Path) -> None:
    """`inv gate` passes on a project with Alembic's own env.py, whose URL leads nowhere."""
    listed = clean.run("inv", "--list", cwd=adopter)
    assert listed.returncode == 0, listed.stderr
    assert "gate" in listed.stdout

    gate = clean.run("inv", "gate", cwd=adopter / "alembic" / "versions")
    assert gate.returncode == 0, gate.stdout + gate.stderr


def test_the_noxfile_runs_the_gate_in_an_environment_of_its_own(clean: Environment, adopter: Path) -> None:
    """The session installs the project's requirements and the headgate that it came from, then runs the gate."""
    clean.install("nox", "uv")

    done = clean.run("nox", "--session", "migrations(18)", cwd=adopter)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Session migrations(18) was successful" in done.stderr


def test_the_gate_passes_on_a_copy_of_the_reference_backend(clean: Environment, tmp_path: Path) -> None:
    """What works in this checkout must not lean on this checkout."""
    project = checkout.clone(tmp_path / "copy")
    shutil.rmtree(project / "src")
    clean.install("--group", "backend")

    done = clean.run("headgate", "gate", cwd=project / "backend")

    assert done.returncode == 0, done.stdout + done.stderr


def test_pre_commit_runs_both_hooks_from_this_repository(clean: Environment, adopter: Path, tmp_path: Path) -> None:
    """The hooks install from nothing but an index, find a file whose name breaks the convention, and run the gate."""
    bad = adopter / "alembic" / "versions" / "20261102090000_create_orders.py"
    misnamed = bad.rename(bad.with_name("orders.py"))
    hooks = checkout.clone(tmp_path / "headgate")
    checkout.commit(hooks)
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks)]
    surroundings = {**clean.variables, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}

    def try_repo(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], cwd=adopter, env=surroundings, capture_output=True, text=True, check=False
        )

    text = try_repo("headgate-files", "--files", str(misnamed.relative_to(adopter)))
    assert text.returncode == 1, text.stdout + text.stderr
    assert "error[revision-file-name]" in text.stdout

    year = misnamed.parent / "2026" / "11"
    year.mkdir(parents=True)
    below = misnamed.rename(year / misnamed.name)
    text = try_repo("headgate-files", "--files", str(below.relative_to(adopter)))
    assert text.returncode == 1, text.stdout + text.stderr
    assert "alembic/versions/2026/11/orders.py" in text.stdout

    below.rename(bad)
    gate = try_repo("headgate-gate", "--hook-stage", "pre-push", "--files", str(bad.relative_to(adopter)))
    assert gate.returncode == 0, gate.stdout + gate.stderr
