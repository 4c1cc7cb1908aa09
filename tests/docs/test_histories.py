"""docs/histories.md against what `nox -s histories` found."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "histories"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that writes the page."""
    spec = importlib.util.spec_from_file_location("histories_page", BENCH / "page.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, made)
    spec.loader.exec_module(made)
    return made


def test_the_page_holds_the_figures_of_real_runs_alone(page: ModuleType) -> None:
    """A figure that was typed in would outlive the run that it came from."""
    assert page.PAGE.read_text(encoding="utf-8") == page.text()


def test_every_result_is_of_a_project_that_can_be_run_again(page: ModuleType) -> None:
    """A row whose configuration is gone can be checked by nobody."""
    assert page.kept().keys() <= {path.stem for path in BENCH.glob("*.toml")}


@pytest.mark.parametrize("path", sorted(BENCH.glob("*.toml")), ids=lambda path: path.stem)
def test_a_configuration_says_what_to_install_and_where_alembic_is(path: Path) -> None:
    """What is missing would show an hour later, when its turn has come."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    assert told["requirements"]
    assert told["checkout"]
    assert told["headgate"]["alembic"]
