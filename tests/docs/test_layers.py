"""The layers of the reference backend, read from its imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import ROOT

SOURCE = ROOT / "backend" / "src"
# What each layer may import of the others.
MAY_IMPORT = {
    "core": set(),
    "models": {"core"},
    "services": {"core", "models"},
    "graphql": {"core", "models", "services"},
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("layer", sorted(MAY_IMPORT))
def test_imports_run_from_graphql_to_services_to_models(layer: str) -> None:
    """Logic in a resolver cannot be reused by a job, and a model that knows its service cannot be loaded alone."""
    files = sorted((SOURCE / layer).rglob("*.py"))
    assert files
    others = {
        (path.name, name)
        for path in files
        for name in imports(path)
        for other in MAY_IMPORT
        if name.startswith(f"backend.src.{other}.") and other not in MAY_IMPORT[layer] | {layer}
    }
    assert others == set()


def test_resolvers_hold_no_sql() -> None:
    """A statement in a resolver runs once a row sooner or later, and no test of the service sees it."""
    resolvers = [SOURCE / "graphql" / name for name in ("queries.py", "mutations.py", "types.py")]
    assert [name for path in resolvers for name in imports(path) if name.startswith("sqlalchemy")] == []
