"""A Flask application, inside of which an env.py of Flask-Migrate runs: which one it is, and where its URL comes from.

https://flask-migrate.readthedocs.io/en/latest/
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate.adoption.expressions import returned
from headgate.adoption.modules import Modules, SourceModule
from headgate.adoption.settings_class import called, text
from headgate.adoption.sources import Reader, Source

__all__ = ["Application", "application"]

_URI = "SQLALCHEMY_DATABASE_URI"
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "tests", "test", "migrations", "venv"})
_DEPTH, _MOST = 4, 2000


@dataclass(frozen=True)
class Application:
    """What the project's files say.

    Args:
        places: the applications, and the functions that make one without an argument, as `package.module:name`.
        sources: where their database's URL comes from.
    """

    places: tuple[str, ...]
    sources: tuple[Source, ...]


def application(root: Path) -> Application:
    """Look for a project's Flask application, in its files alone.

    Args:
        root: the folder that its modules are imported from.
    """
    modules = Modules(root)
    places: list[str] = []
    sources: list[Source] = []
    for path in list(_files(root))[:_MOST]:
        content = path.read_bytes()
        if b"Flask(" not in content and _URI.encode() not in content:
            continue
        parts = path.relative_to(root).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        is_package = path.name == "__init__.py"
        module = modules.read(path, ".".join(parts if is_package else parts[:-1]))
        if module is not None and parts:
            places += [f"{'.'.join(parts)}:{name}" for name in _made(module)]
            sources += [source for value in _given(module) for source in Reader(modules, module).read(value)]
    return Application(tuple(dict.fromkeys(places)), tuple(dict.fromkeys(sources)))


def _files(root: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        here = Path(folder)
        if "pyvenv.cfg" in names or len(here.relative_to(root).parts) >= _DEPTH:
            below.clear()
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in _SKIPPED)
        yield from (here / name for name in sorted(names) if name.endswith(".py"))


def _made(module: SourceModule) -> Iterator[str]:
    """The names of a module that are an application, or make one."""
    for name, body in module.functions.items():
        required = len(body.args.args) - len(body.args.defaults)
        if not required and any(_is_flask(value, body) for value in returned(body)):
            yield name
    for node in module.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=function)) if called(function) == "Flask":
                yield name


def _is_flask(value: ast.expr, body: ast.AST) -> bool:
    """Whether what a function returns is the application that it has made."""
    if isinstance(value, ast.Name):
        return any(
            isinstance(node, (ast.Assign, ast.AnnAssign))
            and value.id
            in {called(target) for target in getattr(node, "targets", None) or [getattr(node, "target", node)]}
            and isinstance(node.value, ast.Call)
            and called(node.value.func) == "Flask"
            for node in ast.walk(body)
        )
    return isinstance(value, ast.Call) and called(value.func) == "Flask"


def _given(module: SourceModule) -> Iterator[ast.expr]:
    """What a module gives as the URL: `app.config["…"] = …`, an attribute of a class, a word or a key."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Assign(targets=[ast.Subscript(slice=key)], value=value) if text(key) == _URI:
                yield value
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == _URI:
                yield value
            case ast.keyword(arg=name, value=value) if name == _URI:
                yield value
            case ast.Dict(keys=keys, values=values):
                yield from (v for k, v in zip(keys, values, strict=True) if k is not None and text(k) == _URI)
