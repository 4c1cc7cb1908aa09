"""The file that a new rule begins with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headgate.errors import HeadgateError
from headgate.rules._stub import path_of, stub

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


@pytest.mark.parametrize("name", ["a-rule", "a-rule-with-quite-a-long-name-of-many-words"])
def test_a_stub_is_as_tidy_as_a_rule(name: str, tmp_path: Path) -> None:
    """What is to be filled in is the rule, not its form."""
    path = tmp_path / "stub.py"
    path.write_text(stub(name))
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--config", str(PROJECT), str(path)]
        said = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout


def test_a_stub_does_not_pass_for_a_rule() -> None:
    """The test of the examples must fail until somebody has filled them in."""
    made: dict[str, object] = {}
    exec(compile(stub("a-rule"), "a_rule.py", "exec"), made)
    rule = made["RULE"]
    assert rule.bad == rule.good  # type: ignore[attr-defined]
    assert not rule.condition.endswith(".")  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["", "Rule", "a_rule", "-a", "1st", "class", "../x", "é-x"])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    """The name becomes a file, a module and a word in a comment."""
    (tmp_path / "src/headgate/rules").mkdir(parents=True)
    (tmp_path / "src/headgate/rules/rule.py").touch()
    with pytest.raises(HeadgateError):
        path_of(name, tmp_path)
