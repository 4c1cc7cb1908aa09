"""What an env.py says of itself: where its URL comes from, whether it is asynchronous, which driver its URLs name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate.adoption.modules import Modules, SourceModule
from headgate.adoption.settings_class import called, text
from headgate.adoption.sources import Reader, Source

__all__ = ["Environment", "driver_of", "read_environment"]

_ENGINES = frozenset({"create_engine", "create_async_engine", "engine_from_config", "async_engine_from_config"})
_ASYNCHRONOUS = frozenset({"create_async_engine", "async_engine_from_config", "AsyncEngine", "AsyncConnection"})
_URL = "sqlalchemy.url"
_DRIVERS = ("psycopg2", "psycopg", "asyncpg")


@dataclass(frozen=True)
class Environment:
    """What was read.

    Args:
        path: the env.py.
        sources: where its URL comes from, the place that is asked first standing first.
        asynchronous: whether it runs on an asynchronous engine.
        drivers: the drivers that its own texts name, in order.
    """

    path: Path
    sources: tuple[Source, ...]
    asynchronous: bool
    drivers: tuple[str, ...]

    def of(self, kind: str) -> tuple[Source, ...]:
        """Give the sources of one kind."""
        return tuple(source for source in self.sources if source.kind == kind)


def read_environment(path: Path, *folders: Path) -> Environment:
    """Read an env.py and those modules of the project that its URL comes from.

    Args:
        path: the env.py.
        folders: where the project's packages are looked for.

    Raises:
        HeadgateError: it is not there, or is no Python.
    """
    modules = Modules(*folders, path.parent)
    module = modules.env(path)
    found = list(dict.fromkeys(_sources(modules, module)))
    names = {called(node) for node in ast.walk(module.tree) if isinstance(node, (ast.Name, ast.Attribute))}
    texts = [source.name for source in found if source.kind == "text"]
    texts += [text(node) for node in ast.walk(module.tree) if isinstance(node, ast.Constant)]
    drivers = tuple(dict.fromkeys(driver for one in texts if (driver := driver_of(one))))
    return Environment(path, tuple(found), not names.isdisjoint(_ASYNCHRONOUS), drivers)


def driver_of(url: str) -> str | None:
    """Give the driver that a URL or a part of one names, as in `postgresql+asyncpg://`; `None` where it names none."""
    _, plus, rest = url.partition("+")
    name = rest.partition("://")[0]
    known = name.removesuffix("_async")
    return known if plus and known in _DRIVERS else None


def _sources(modules: Modules, module: SourceModule) -> Iterator[Source]:
    reader = Reader(modules, module)
    strong = [source for node in _given(module.tree) for source in reader.read(node)]
    for node in _engines(modules, module):
        strong += node
    if strong or not (elsewhere := _elsewhere(module.tree)):
        yield from strong or [Source("ini", _URL)]
    else:
        yield Source("unknown", ast.unparse(elsewhere), line=elsewhere.lineno)


def _elsewhere(tree: ast.Module) -> ast.expr | None:
    """The engine that connects, where nothing in env.py asks the ini file for a URL: it is somebody else's."""
    if any(called(node) in _ASKS_INI for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))):
        return None
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=engine, attr="connect" | "begin"), args=[]):
                return engine
    return None


_ASKS_INI = frozenset(
    {
        "engine_from_config",
        "async_engine_from_config",
        "get_main_option",
        "get_section",
        "get_section_option",
        "get_alembic_option",
    }
)


def _given(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions that are handed over as the URL."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=function, args=[name, value]) if (
                called(function) == "set_main_option" and text(name) == _URL
            ):
                yield value
            case ast.Call(func=function, args=[_, name, value]) if (
                called(function) == "set_section_option" and text(name) == _URL
            ):
                yield value
            case ast.Assign(targets=[ast.Subscript(slice=key)], value=value) if text(key) in (_URL, "url"):
                yield value
            case ast.Call(func=function, args=[value, *_]) if called(function) in (
                "create_engine",
                "create_async_engine",
            ):
                yield value
            case ast.Call(func=function, keywords=keywords) if called(function) in (
                "create_engine",
                "create_async_engine",
            ):
                yield from (keyword.value for keyword in keywords if keyword.arg == "url")
            case ast.Dict(keys=keys, values=values):
                yield from (v for k, v in zip(keys, values, strict=True) if k is not None and text(k) == _URL)


def _engines(modules: Modules, module: SourceModule) -> Iterator[list[Source]]:
    """The URLs of engines that env.py imports from the project."""
    used = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name)}
    for name in module.imports:
        if name not in used:
            continue
        if module.imports[name][0] == "flask" and name == "current_app":
            yield [Source("application", name)]
            continue
        for other, defined in modules.defined(module, name):
            if other is module:
                continue
            for value in other.values.get(defined, ()):
                if isinstance(value, ast.Call) and called(value.func) in _ENGINES and value.args:
                    yield list(Reader(modules, other).read(value.args[0]))
