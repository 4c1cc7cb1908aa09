"""The project's own code as a revision can reach it: by which names, and in which file. Nothing is imported."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["beside_env", "definition", "own_packages"]

_NOT_THE_PROJECTS = frozenset({"alembic", "headgate", "sqlalchemy"})


def own_packages(versions: Path, root: Path) -> frozenset[str]:
    """Name what the project itself can be imported by, as opposed to what it has installed.

    Args:
        versions: the folder of a revision.
        root: the repository's root. Packages and modules count that stand in it, in a folder between it and the
            migration environment, or in the `src` folder of one of these.
    """
    environment = _environment(versions)
    names = {name for place in _places(environment, root) for name in _importable(place, environment)}
    return frozenset(names - sys.stdlib_module_names - _NOT_THE_PROJECTS)


def beside_env(versions: Path, root: Path, module: str) -> bool:
    """Say whether a module lies in the folder of env.py, as `shop.migrations.tools` beside `shop/migrations/env.py`.

    Args:
        versions: the folder of the revision.
        root: the repository's root.
        module: its dotted name; empty for a relative import.
    """
    environment, parts = _environment(versions), module.split(".")
    reached = (place.joinpath(*parts[:n]) for place in _places(environment, root) for n in range(1, len(parts) + 1))
    return environment in reached


def definition(versions: Path, root: Path, module: str, name: str) -> ast.ClassDef | ast.Assign | None:
    """Find where the project defines a name that a revision imports.

    Args:
        versions: the folder of the revision.
        root: the repository's root.
        module: the dotted name of the module that it is imported from.
        name: a class, or a constant.

    Returns:
        Its definition there; for a package that passes it on, its definition in one of the package's modules.
    """
    for place in _places(_environment(versions), root):
        target = place.joinpath(*module.split("."))
        for path in [target.with_suffix(".py"), *sorted(target.glob("*.py"))]:
            if found := _defined(path, name):
                return found
    return None


def _environment(versions: Path) -> Path:
    """The folder of env.py, whose own parts are migration code and no live code."""
    return next((folder for folder in (versions, *versions.parents[:3]) if (folder / "env.py").is_file()), versions)


def _places(environment: Path, root: Path) -> list[Path]:
    folders = [folder for folder in environment.parents if folder == root or root in folder.parents]
    return [place for folder in folders for place in (folder, folder / "src") if place.is_dir()]


def _importable(place: Path, environment: Path) -> Iterator[str]:
    for entry in os.scandir(place):
        name, _, suffix = entry.name.partition(".")
        if not name.isidentifier() or name.startswith("__") or Path(entry) == environment:
            continue
        is_module = suffix == "py" and entry.is_file()
        if is_module or (not suffix and entry.is_dir() and _holds_python(Path(entry))):
            yield name


def _holds_python(folder: Path) -> bool:
    """A package needs no `__init__.py`, and may have its modules one folder further down (`src/models/entry.py`)."""
    if (folder / "pyvenv.cfg").exists() or folder.name == "node_modules":
        return False
    return any(next(folder.glob(pattern), None) for pattern in ("*.py", "*/*.py"))


def _defined(path: Path, name: str) -> ast.ClassDef | ast.Assign | None:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    for node in tree.body:
        match node:
            case ast.ClassDef(name=defined) if defined == name:
                return node
            case ast.Assign(targets=[ast.Name(id=defined)]) if defined == name:
                return node
            case ast.AnnAssign(target=ast.Name(id=defined) as target, value=ast.expr() as value) if defined == name:
                return ast.copy_location(ast.Assign(targets=[target], value=value), node)
    return None
