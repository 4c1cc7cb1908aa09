"""This repository's own pages: current, linked, and with commands that exist."""

from __future__ import annotations

import ast
import json
import shlex
import tomllib
from pathlib import Path

import pytest

import headgate
from headgate import config, project
from headgate.docs import check, markdown
from tests.checkout import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
PAGES += sorted((ROOT / ".clinerules").rglob("*.md"))
RUNNERS = {("inv",), ("headgate",), ("python3", "tasks.py"), ("python", "-m", "headgate")}


def test_every_page_says_what_the_code_says() -> None:
    """The gate asks this of every adopter; it would be odd not to pass ourselves."""
    assert [finding.message for finding in check.judge(project.find(config.load(ROOT)))[1]] == []


def typed(page: Path) -> list[str]:
    """Give what a page tells its reader to type: the lines of its shell blocks, and the code in its text."""
    found: list[str] = []
    for token in markdown.read(page).tokens:
        if token.type == "fence" and token.info == "sh":
            found += token.content.splitlines()
        elif token.type == "fence" and token.info == "console":
            found += [line[2:] for line in token.content.splitlines() if line.startswith("$ ")]
        found += [child.content for child in token.children or () if child.type == "code_inline"]
    return found


def task_of(command: str) -> str | None:
    """Give the task that a command calls, or `None` when it calls none."""
    words = shlex.split(command, comments=True) if command.count("'") % 2 == 0 else []
    for runner in RUNNERS:
        if tuple(words[: len(runner)]) == runner and len(words) > len(runner):
            word = words[len(runner)]
            return None if word.startswith(("-", "<", "…")) else word
    return None


def sessions_of(command: str) -> list[str]:
    words = command.partition("#")[0].split()
    return words[words.index("nox") + 2 :] if "nox" in words and "-s" in words else []


def of_this_repository() -> set[str]:
    """The tasks that only this repository's tasks.py has."""
    tree = ast.parse((ROOT / "tasks.py").read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_task_that_a_page_names_exists(page: Path) -> None:
    """A task that was renamed lives on in prose, where nothing runs it."""
    contexts = headgate.collection().to_contexts()
    known = {name for context in contexts for name in (context.name, *context.aliases)} | of_this_repository()
    assert {task for command in typed(page) if (task := task_of(command))} <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_session_that_a_page_names_exists(page: Path) -> None:
    """The same for what nox runs."""
    sources = [ROOT / "noxfile.py", ROOT / "src/headgate/sessions.py"]
    trees = [ast.parse(source.read_text(encoding="utf-8")) for source in sources]
    known = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    named = {session for command in typed(page) for session in sessions_of(command)} - {"<session>", "<name>"}
    assert named <= known


def test_contributing_is_five_lines() -> None:
    """What is longer is not read before the first pull request."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [line[:2] for line in page.splitlines() if line[:1].isdigit()] == ["1.", "2.", "3.", "4.", "5."]


def test_each_dependency_has_a_reason_and_each_reason_a_dependency() -> None:
    """A package that nobody can give a reason for is a package that nobody looks after."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*table["project"]["dependencies"]]
    for group in (*table["project"]["optional-dependencies"].values(), *table["dependency-groups"].values()):
        asked += [entry for entry in group if isinstance(entry, str)]
    names = {entry.partition(">")[0].partition("[")[0] for entry in asked}
    page = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    reasons = {row[0]: row[1] for row in rows if not row[0].startswith("package")}
    assert set(reasons) == names
    assert all(len(reason.split()) > 2 for reason in reasons.values())


def test_the_numbers_of_the_drift_comparison_are_those_of_the_recorded_cases() -> None:
    """The first screen is a claim about another tool; it is quoted from what was measured."""
    lines = (ROOT / "tests/cases/data/drifts.jsonl").read_text(encoding="utf-8").splitlines()
    drifts = [case for case in map(json.loads, lines) if case["sql"]]
    seen = {key: sum(case[key] for case in drifts) for key in ("alembic_check_default", "alembic_check_all_options")}
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"Of the {len(drifts)} changes" in readme
    assert f"headgate sees {len(drifts)}" in readme
    default, every = seen["alembic_check_default"], seen["alembic_check_all_options"]
    assert f"`alembic check` {default}, or {every} with every option" in readme
