"""One revision file, read as text and as a syntax tree; nothing of it is run.

What Alembic reads from the module (`revision`, `down_revision`, `depends_on`, `branch_labels`) are assignments of
literals, so the tree is enough to build the graph of a history that cannot be imported, and it is several times
faster than importing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from headgate.errors import HeadgateError
from headgate.revisions.header import Header, parse

if TYPE_CHECKING:
    from headgate.revisions.index import Index

__all__ = ["Facts", "Precondition", "RevisionFile", "does_nothing", "read"]


class Facts(NamedTuple):
    """What a revision file states, as in `RevisionFile`."""

    id: str
    parents: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    lines: dict[str, int]


@dataclass(frozen=True)
class Precondition:
    """What a revision declares to hold before it runs: `preconditions = {"no duplicate emails": "SELECT …"}`.

    Args:
        name: its name.
        query: a query that gives 0 when it holds.
        line: the line of its name, counted from 1.
    """

    name: str
    query: str
    line: int


@dataclass(frozen=True)
class RevisionFile:
    """A revision as its file states it.

    Args:
        path: the file.
        source: its text.
        id: the revision id.
        parents: the ids in `down_revision`; empty for a root.
        depends_on: the ids or labels in `depends_on`.
        branch_labels: the labels in `branch_labels`.
        lines: the line, counted from 1, on which each of those names is assigned.
    """

    path: Path
    source: str
    id: str
    parents: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    lines: dict[str, int]

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.source, filename=str(self.path))

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

    @cached_property
    def declared(self) -> tuple[Precondition, ...]:
        """The preconditions that it declares, as far as they are literal texts."""
        node = self._preconditions
        if not isinstance(node, ast.Dict):
            return ()
        return tuple(
            Precondition(str(key.value), str(value.value), key.lineno)
            for key, value in zip(node.keys, node.values, strict=True)
            if _is_text(key) and _is_text(value)
        )

    @property
    def preconditions(self) -> Mapping[str, str]:
        """The query of each declared precondition, by name."""
        return {one.name: one.query for one in self.declared}

    @property
    def unread_precondition(self) -> int | None:
        """The line of a declaration that is not a dict of literal texts, and so cannot be asked; `None` for none."""
        node = self._preconditions
        if node is None:
            return None
        if not isinstance(node, ast.Dict):
            return node.lineno
        pairs = zip(node.keys, node.values, strict=True)
        bad = next(((key, value) for key, value in pairs if not (_is_text(key) and _is_text(value))), None)
        return (bad[0] or bad[1]).lineno if bad else None

    @cached_property
    def _preconditions(self) -> ast.expr | None:
        found = [value for name, value, _ in _assignments(self.tree, frozenset({"preconditions"}))]
        return found[-1] if found else None

    def function(self, name: str) -> ast.FunctionDef | None:
        """Give the definition of `upgrade` or `downgrade`, or `None` when the file has none."""
        return next((node for node in self.tree.body if isinstance(node, ast.FunctionDef) and node.name == name), None)


def read(path: Path, index: Index | None = None) -> RevisionFile | None:
    """Read one file of a versions folder.

    Args:
        path: a Python file.
        index: what is known of texts that were read before; those are not parsed until somebody asks for their tree.

    Returns:
        The revision, or `None` when the file assigns no `revision` and so is none (a helper beside the revisions).

    Raises:
        HeadgateError: the file cannot be read, or is not valid Python.
    """
    try:
        content = path.read_bytes()
        source = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise HeadgateError(f"{path} cannot be read: {error}.", "Make it a readable file in UTF-8.") from error
    known = index.known(content) if index else None
    if known is not None:
        return RevisionFile(path, source, *known) if known else None
    try:
        tree = ast.parse(source, filename=str(path))
    except (SyntaxError, ValueError) as error:
        where, why = (f", line {error.lineno}", error.msg) if isinstance(error, SyntaxError) else ("", str(error))
        raise HeadgateError(f"{path}{where} is not valid Python: {why}.", "Mend the file; nothing was run.") from error
    values: dict[str, tuple[str, ...] | None] = {}
    lines: dict[str, int] = {}
    for name, value, line in _assignments(tree):
        values[name] = _literal(value)
        lines[name] = line
    facts: Facts | None = None
    for name, strings in values.items():
        if "revision" in values and (strings is None or (name == "revision" and len(strings) != 1)):
            raise HeadgateError(
                f"{path}, line {lines[name]}: {name} is not a literal that can be read.",
                "Write the revision ids as plain strings, as Alembic's template does.",
            )
    if "revision" in values:
        parents, needed, labels = (values.get(name) or () for name in ("down_revision", "depends_on", "branch_labels"))
        facts = Facts((values["revision"] or ("",))[0], parents, needed, labels, lines)
    if index:
        index.learn(content, facts)
    if facts is None:
        return None
    file = RevisionFile(path, source, *facts)
    file.__dict__["tree"] = tree
    return file


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


def _assignments(tree: ast.Module, names: frozenset[str] = _NAMES) -> Iterator[tuple[str, ast.expr, int]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in names:
                yield name, value, node.lineno
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name in names:
                yield name, value, node.lineno


def _is_text(node: ast.expr | None) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


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
