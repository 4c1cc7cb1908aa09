"""`headgate.sessions` and this repository's noxfile, asked the way CI asks them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def _listed(noxfile: Path, *arguments: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "nox", "--noxfile", str(noxfile), "--list", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    listed: list[dict[str, Any]] = json.loads(done.stdout)
    return listed


def test_what_ci_runs_is_what_the_noxfile_tags() -> None:
    """The matrix on GitHub is this list, so a session that is not in it is not run on a pull request."""
    listed = _listed(ROOT / "noxfile.py", "--tags", "ci")

    assert [session["session"] for session in listed] == [
        "migrations(16)",
        "migrations(18)",
        "backend",
        "tests",
        "lint",
        "types",
        "docs",
        "packaging",
        "minimums",
    ]


def test_every_session_says_what_it_does_in_one_short_line() -> None:
    """`nox -l` is the developer's menu; its lines must fit beside the names."""
    for session in _listed(ROOT / "noxfile.py"):
        assert 0 < len(session["description"]) <= 60, session["session"]


def test_nox_without_arguments_welcomes() -> None:
    """The first thing a contributor types is `nox -l`."""
    done = subprocess.run(
        [sys.executable, "-m", "nox", "-f", str(ROOT / "noxfile.py"), "-l"], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("Welcome to headgate.")


def test_sessions_import_nothing_but_nox_and_the_standard_library() -> None:
    """A noxfile runs in nox's own environment, where SQLAlchemy, Alembic and Invoke are not."""
    program = "import nox, sys; before = set(sys.modules); import headgate.sessions; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    foreign = {name.partition(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names - {"headgate"}
    assert foreign == set()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('register("-r", "requirements.txt")', ["migrations(16)", "migrations(18)"]),
        ('register(postgres=["17"])', ["migrations(17)"]),
    ],
    ids=["default", "one-major"],
)
def test_an_adopters_noxfile_is_three_lines(tmp_path: Path, call: str, expected: list[str]) -> None:
    """Adopting headgate in CI is one call; the majors are readable names, so `nox -s "migrations(17)"` can be typed."""
    noxfile = tmp_path / "noxfile.py"
    noxfile.write_text(f"from headgate.sessions import register\n\n{call}\n", encoding="utf-8")

    listed = _listed(noxfile, "--tags", "ci")

    assert [session["session"] for session in listed] == expected
