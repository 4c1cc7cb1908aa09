"""The tables of the guide against the code that they describe."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from itertools import pairwise
from typing import Any

import pytest

from headgate import config
from headgate.docs import markdown
from headgate.docs.markdown import Page
from headgate.errors import Exit
from tests.checkout import ROOT

GUIDE = markdown.read(ROOT / "docs/guide.md")
FROM_THE_ENVIRONMENT = {"root", "cache", "state", "keep"}


def tables(page: Page, heading: str) -> list[list[list[str]]]:
    """Give the tables below a heading: their rows, each a list of cells, without the head."""
    found: list[list[list[str]]] = []
    below = in_body = False
    for token, following in pairwise(page.tokens):
        match token.type:
            case "heading_open" if token.tag == "h2":
                below = following.content == heading
            case "tbody_open" if below:
                found.append([])
                in_body = True
            case "tbody_close":
                in_body = False
            case "tr_open" if in_body:
                found[-1].append([])
            case "td_open" if in_body:
                found[-1][-1].append(following.content)
    return found


def default(field: Field[Any]) -> str:
    """Spell a setting's default as its table does."""
    value = field.default_factory() if field.default_factory is not MISSING else field.default
    if value is None or field.name in {"backend", "docs", "prepare"}:
        return ""
    return f"`{json.dumps(value)}`"


@pytest.mark.parametrize(
    ("kind", "position"),
    [(config.Config, 0), (config.Backend, 1), (config.Docs, 2), (config.Prepare, 3)],
    ids=lambda value: str(value),
)
def test_each_setting_is_in_the_guide_with_its_default(kind: type, position: int) -> None:
    """A setting that is told wrong costs an adopter the hour in which they give up."""
    told = {row[0]: row[1] for row in tables(GUIDE, "Settings")[position]}
    expected = {f"`{field.name}`": default(field) for field in fields(kind) if field.name not in FROM_THE_ENVIRONMENT}
    assert told == expected


@pytest.mark.parametrize(("page", "heading"), [("docs/guide.md", "Exit codes"), ("README.md", "In your project")])
def test_each_exit_code_is_told(page: str, heading: str) -> None:
    """CI branches on them."""
    told = {int(row[0]) for row in tables(markdown.read(ROOT / page), heading)[0]}
    assert {int(code) for code in Exit} <= told


def names_of_findings() -> Iterator[str]:
    """Every literal that the gate and the documents' checks give a finding as its rule."""
    sources = [ROOT / "src/headgate/gate.py", ROOT / "src/headgate/failures.py"]
    trees = [ast.parse(source.read_text(encoding="utf-8")) for source in sources]
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.keyword(arg="rule", value=ast.Constant(value=str() as name)):
                yield name
            case ast.Call(func=ast.Name(id="failed") | ast.Attribute(attr="failed"), args=[_, _, rule, *_]):
                told = [one.value for one in ast.walk(rule) if isinstance(one, ast.Constant)]
                yield from (name for name in told if isinstance(name, str) and "-" in name)
    for path in (ROOT / "src/headgate/docs").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match node:
                case ast.Assign(targets=[ast.Name(id="RULE")], value=ast.Constant(value=str() as name)):
                    yield name


def test_each_finding_of_the_gate_can_be_looked_up() -> None:
    """The name in brackets is what a reader searches for."""
    assert {row[0] for row in tables(GUIDE, "Findings")[0]} == {f"`{name}`" for name in names_of_findings()}
