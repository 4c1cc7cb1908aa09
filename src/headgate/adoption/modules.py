"""Modules of a project, as syntax trees: what each name in them is. Nothing of the project is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from headgate.errors import HeadgateError

__all__ = ["Modules", "SourceModule"]

# Where packages lie in a checkout, beside its root and the folder of the ini file.
_USUAL = ("src", "app", "backend", "lib")


@dataclass(frozen=True, eq=False)
class SourceModule:
    """One file of Python.

    Args:
        path: where it is.
        package: the dotted name of the package that it is in; empty for a module of its own.
        tree: its syntax tree.
    """

    path: Path
    package: str
    tree: ast.Module

    @cached_property
    def values(self) -> Mapping[str, tuple[ast.expr, ...]]:
        """What is assigned to each name, wherever in the file."""
        found: dict[str, list[ast.expr]] = {}
        for node in ast.walk(self.tree):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found.setdefault(name, []).append(value)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    found.setdefault(name, []).append(value)
                case ast.NamedExpr(target=ast.Name(id=name), value=value):
                    found.setdefault(name, []).append(value)
        return {name: tuple(values) for name, values in found.items()}

    @cached_property
    def functions(self) -> Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        """The functions of the file's top level."""
        return {n.name: n for n in self.tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))}

    @cached_property
    def classes(self) -> Mapping[str, ast.ClassDef]:
        """The classes of the file's top level."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}

    @cached_property
    def imports(self) -> Mapping[str, tuple[str, str | None]]:
        """Each imported name: the module, and the name in it; `None` for the module itself."""
        found: dict[str, tuple[str, str | None]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for one in node.names:
                    found[one.asname or one.name.partition(".")[0]] = (
                        one.name if one.asname else one.name.partition(".")[0],
                        None,
                    )
            elif isinstance(node, ast.ImportFrom):
                module = self._absolute(node)
                for one in node.names:
                    found[one.asname or one.name] = (module, one.name)
        return found

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".") if self.package else []
        above = parts[: len(parts) - (node.level - 1)]
        return ".".join([*above, *([node.module] if node.module else [])])


class Modules:
    """The modules of a project, read when they are asked for.

    Args:
        folders: where its packages are looked for, the first that has one being taken.
    """

    def __init__(self, *folders: Path) -> None:
        named = [part for folder in folders for part in (folder, *(folder / name for name in _USUAL))]
        self.folders = tuple(dict.fromkeys(folder.resolve() for folder in named if folder.is_dir()))
        self._read: dict[Path, SourceModule | None] = {}

    def named(self, name: str) -> SourceModule | None:
        """Give a module by its dotted name; `None` for one that is not the project's own."""
        parts = name.split(".")
        for folder in self.folders:
            base = folder.joinpath(*parts)
            if (path := base.with_suffix(".py")).is_file():
                return self.read(path, ".".join(parts[:-1]))
            if (path := base / "__init__.py").is_file():
                return self.read(path, name)
        return None

    def read(self, path: Path, package: str = "") -> SourceModule | None:
        """Give the module that a file holds; `None` when it is no Python that this one can read."""
        if path not in self._read:
            try:
                tree = ast.parse(path.read_bytes(), str(path))
            except (OSError, SyntaxError, ValueError):
                self._read[path] = None
            else:
                self._read[path] = SourceModule(path, package, tree)
        return self._read[path]

    def env(self, path: Path) -> SourceModule:
        """Give the module of an env.py.

        Raises:
            HeadgateError: it is not there, or is no Python.
        """
        try:
            return SourceModule(path, "", ast.parse(path.read_bytes(), str(path)))
        except (OSError, ValueError) as error:
            raise HeadgateError(f"{path} cannot be read: {error}.", "Put env.py back, or mend it.") from error
        except SyntaxError as error:
            raise HeadgateError(
                f"{path}, line {error.lineno}: {error.msg}.", "Mend the file, then run the command again."
            ) from error

    def defined(self, module: SourceModule, name: str) -> Iterator[tuple[SourceModule, str]]:
        """Follow a name to where it is defined: the module, and the name there."""
        seen: set[tuple[Path, str]] = set()
        while (module.path, name) not in seen:
            seen.add((module.path, name))
            if name in module.classes or name in module.functions or name in module.values:
                yield module, name
                return
            source, attribute = module.imports.get(name, ("", None))
            if attribute is None or (other := self.named(source)) is None:
                return
            module, name = other, attribute
