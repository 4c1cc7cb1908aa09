"""One revision file, read as text and as a syntax tree; nothing of it is run.

What Alembic reads from the module (`revision`, `down_revision`, `depends_on`, `branch_labels`) are assignments of
literals, so the tree is enough to build the graph of a history that cannot be imported, and it is several times
faster than importing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.revisions.header import Header, parse

__all__ = ["RevisionFile", "does_nothing", "read"]


@dataclass(frozen=True)
class RevisionFile:
    """A revision as its file states it.

    Args:
        path: the file.
        source: its text.
        tree: its syntax tree.
        id: the revision id.
        parents: the ids in `down_revision`; empty for a root.
        depends_on: the ids or labels in `depends_on`.
        branch_labels: the labels in `branch_labels`.
        lines: the line, counted from 1, on which each of those names is assigned.
    """

    path: Path
    source: str
    tree: ast.Module
    id: str
    parents: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    lines: dict[str, int]

    @cached_property
    def docstring(self) -> str:
        """The module's docstring, or an empty text."""
        return ast.get_docstring(self.tree) or ""

    @cached_property
    def header(self) -> Header:
        """What the docstring says, line by line."""
        return parse(self.docstring)

    @property
    def message(self) -> str:
        """The first paragraph of the docstring, which is where Alembic writes the message."""
        return self.header.message

    def function(self, name: str) -> ast.FunctionDef | None:
        """Give the definition of `upgrade` or `downgrade`, or `None` when the file has none."""
        return next((node for node in self.tree.body if isinstance(node, ast.FunctionDef) and node.name == name), None)


def read(path: Path) -> RevisionFile | None:
    """Read one file of a versions folder.

    Args:
        path: a Python file.

    Returns:
        The revision, or `None` when the file assigns no `revision` and so is none (a helper beside the revisions).

    Raises:
        HeadgateError: the file cannot be read, or is not valid Python.
    """
    try:
        source = path.read_bytes().decode("utf-8-sig")
        tree = ast.parse(source, filename=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise HeadgateError(f"{path} cannot be read: {error}.", "Make it a readable file in UTF-8.") from error
    except (SyntaxError, ValueError) as error:
        where, why = (f", line {error.lineno}", error.msg) if isinstance(error, SyntaxError) else ("", str(error))
        raise HeadgateError(f"{path}{where} is not valid Python: {why}.", "Mend the file; nothing was run.") from error
    values: dict[str, tuple[str, ...] | None] = {}
    lines: dict[str, int] = {}
    for name, value, line in _assignments(tree):
        values[name] = _literal(value)
        lines[name] = line
    if "revision" not in values:
        return None
    for name, strings in values.items():
        if strings is None or (name == "revision" and len(strings) != 1):
            raise HeadgateError(
                f"{path}, line {lines[name]}: {name} is not a literal that can be read.",
                "Write the revision ids as plain strings, as Alembic's template does.",
            )
    return RevisionFile(
        path=path,
        source=source,
        tree=tree,
        id=(values["revision"] or ("",))[0],
        parents=values.get("down_revision") or (),
        depends_on=values.get("depends_on") or (),
        branch_labels=values.get("branch_labels") or (),
        lines=lines,
    )


def does_nothing(function: ast.FunctionDef) -> bool:
    """Say whether a body is only a docstring, `pass`, `...` or a bare `return`."""
    for statement in function.body:
        match statement:
            case ast.Pass() | ast.Expr(value=ast.Constant()) | ast.Return(value=None | ast.Constant(value=None)):
                continue
            case _:
                return False
    return True


_NAMES = frozenset({"revision", "down_revision", "depends_on", "branch_labels"})


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr, int]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _NAMES:
                yield name, value, node.lineno
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name in _NAMES:
                yield name, value, node.lineno


def _literal(node: ast.expr) -> tuple[str, ...] | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (tuple, list, set, frozenset)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None
