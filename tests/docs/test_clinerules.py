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


def enforcers(bullet: str) -> list[tuple[str, str]]:
    """Give what a bullet names at its end, as in `(enforced by: rule drop-table, drop-column)`."""
    _, _, end = bullet.rpartition(OPENING)
    kind, _, names = end.removesuffix(")").partition(" ")
    return [(kind, name) for name in names.split(", ")]


def told_of(kind: str) -> list[str]:
    """Every check of one kind that the files name, as often as they name it."""
    pairs = [pair for path in FILES for bullet in bullets(path) for pair in enforcers(bullet)]
    return [name for one, name in pairs if one == kind]


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
    missing = [" ".join(pair) for pair in enforcers(bullet) if not known(*pair)]
    assert missing == []


def test_each_rule_of_headgate_is_told_here() -> None:
    """Whoever writes a revision should have read the rule before it fires."""
    told = told_of("rule")
    assert {rule.name for rule in rules.load()} - set(told) == set()
    assert len(told) - len(set(told)) <= 1, "sql-from-fstring alone is about two subjects"


def test_each_step_of_the_gate_is_told_here() -> None:
    """The same holds for what the gate finds by running."""
    assert {step.__name__ for step in gate.STEPS} - {"names"} <= set(told_of("gate"))


def test_no_env_file_is_committed() -> None:
    """A password in the history stays there."""
    done = subprocess.run(
        ["git", "ls-files", "*.env", ".env", "*/.env"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
