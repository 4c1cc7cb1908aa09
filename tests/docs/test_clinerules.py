"""The rules that people and agents read are the rules that are enforced."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from headgate import gate, rules
from tests.checkout import ROOT

FILES = sorted((ROOT / ".clinerules").glob("*.md"))
OPENING = "(enforced by: "


def bullets(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]


def enforcer(bullet: str) -> tuple[str, str]:
    _, _, end = bullet.rpartition(OPENING)
    kind, _, name = end.removesuffix(")").partition(" ")
    return kind, name


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def known(kind: str, name: str) -> bool:
    match kind:
        case "rule":
            return name in {rule.name for rule in rules.load()}
        case "gate":
            return name in {step.__name__ for step in gate.STEPS}
        case "nox":
            return name in functions(ROOT / "noxfile.py") | functions(ROOT / "src/headgate/sessions.py")
        case "hook":
            lines = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8").splitlines()
            return f"- id: {name}" in map(str.strip, lines)
        case "test":
            path, _, function = name.partition("::")
            return (ROOT / path).is_file() and function in functions(ROOT / path)
    return False


@pytest.mark.parametrize(
    "bullet", [pytest.param(bullet, id=bullet[2:40]) for path in FILES for bullet in bullets(path)]
)
def test_each_rule_names_a_check_that_exists(bullet: str) -> None:
    """A rule without a check is a wish, and one whose check was renamed is a wish that nobody noticed."""
    assert bullet.endswith(")")
    assert OPENING in bullet
    assert known(*enforcer(bullet)), f"there is no {' '.join(enforcer(bullet))}"


def test_each_rule_of_headgate_is_told_here() -> None:
    """Whoever writes a revision should have read the rule before it fires."""
    told = {name for path in FILES for kind, name in map(enforcer, bullets(path)) if kind == "rule"}
    assert {rule.name for rule in rules.load()} <= told


def test_each_step_of_the_gate_is_told_here() -> None:
    """The same holds for what the gate finds by running."""
    told = {name for path in FILES for kind, name in map(enforcer, bullets(path)) if kind == "gate"}
    assert {step.__name__ for step in gate.STEPS} - {"names"} <= told


def test_no_env_file_is_committed() -> None:
    """A password in the history stays there."""
    done = subprocess.run(
        ["git", "ls-files", "*.env", ".env", "*/.env"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
