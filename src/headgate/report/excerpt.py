"""The code that a finding is about: the lines of the call, as the file has them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["MOST", "Excerpt", "Excerpts"]

MOST = 4
"""So many lines of one call are shown; a reader knows the statement by then."""


@dataclass(frozen=True)
class Excerpt:
    """A few lines of a file.

    Args:
        line: the number of the first one.
        lines: their text.
        more: how many lines of the same call follow.
    """

    line: int
    lines: tuple[str, ...]
    more: int = 0

    @property
    def indent(self) -> str:
        """The white space that the first line begins with."""
        return self.lines[0][: len(self.lines[0]) - len(self.lines[0].lstrip())]


@dataclass
class _Source:
    lines: list[str]
    ends: dict[int, int] = field(default_factory=dict)


class Excerpts:
    """The files that findings name, each read once.

    Args:
        root: the folder that their paths are relative to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sources: dict[str, _Source] = {}

    def of(self, path: str | None, line: int | None) -> Excerpt | None:
        """Give the code at a line, up to the end of the call; `None` when the file does not have it any more."""
        if not (path and line):
            return None
        if path not in self._sources:
            self._sources[path] = _read(self._root / path)
        source = self._sources[path]
        if line > len(source.lines):
            return None
        found = source.lines[line - 1 : source.ends.get(line, line)]
        return Excerpt(line, tuple(text.rstrip() for text in found[:MOST]), max(0, len(found) - MOST))


def _read(path: Path) -> _Source:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _Source([])
    return _Source(text.splitlines(), _ends(text) if path.suffix == ".py" else {})


def _ends(text: str) -> dict[int, int]:
    """Where the call ends that is written on a line, by that line; docstrings and whole functions are no calls."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    ends: dict[int, int] = {}
    for node in ast.walk(tree):  # outer calls come before inner ones, and what is asked for is the statement
        if isinstance(node, ast.Call):
            for line in {node.lineno, _named(node)}:
                ends.setdefault(line, node.end_lineno or line)
    return ends


def _named(call: ast.Call) -> int:
    """The line of the function's name, which is what a traceback names when calls are chained over several lines."""
    return call.func.end_lineno or call.lineno
