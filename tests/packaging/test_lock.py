"""The versions that stand in several places are the same, and the lock is one that pyproject allows."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.checkout import ROOT


def _locked() -> dict[str, Version]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = (line.split()[0].partition("==") for line in lines if "==" in line and not line.startswith((" ", "#")))
    return {canonicalize_name(name): Version(version) for name, _, version in pins}


def _wanted(pyproject: dict[str, Any]) -> Iterator[Requirement]:
    groups = pyproject["dependency-groups"]
    named = pyproject["project"]["dependencies"]
    for requirement in (*named, *(entry for group in groups.values() for entry in group if isinstance(entry, str))):
        yield Requirement(requirement)


def test_the_lock_satisfies_pyproject() -> None:
    """A range that was raised without a new lock would install what pyproject forbids, with every hash in order."""
    locked = _locked()
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    unmet = [
        str(wanted)
        for wanted in (*_wanted(pyproject), *map(Requirement, pyproject["build-system"]["requires"]))
        if canonicalize_name(wanted.name) not in locked
        or locked[canonicalize_name(wanted.name)] not in wanted.specifier
    ]

    assert unmet == [], "python3 tasks.py lock"


def test_the_hooks_run_the_locked_versions() -> None:
    """Ruff at commit and ruff in CI must not disagree about one file."""
    locked = _locked()
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    pins = {
        Requirement(dependency)
        for repository in config["repos"]
        for hook in repository["hooks"]
        for dependency in hook.get("additional_dependencies", [])
    }

    assert {"ruff", "pre-commit-hooks"} <= {pin.name for pin in pins}
    assert {str(pin) for pin in pins} == {f"{pin.name}=={locked[pin.name]}" for pin in pins}


def test_one_install_of_the_hooks_installs_both_stages() -> None:
    """`pre-commit install` alone would leave the gate out, and nobody reads which flag brings it."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))

    assert config["default_install_hook_types"] == ["pre-commit", "pre-push"]
