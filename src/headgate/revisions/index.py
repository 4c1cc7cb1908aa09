"""What the files of a history state, kept between runs: 500 files are parsed in 100 ms, and looked up in 10.

A file is known by its content, so a wrong answer would need two texts with one SHA-256.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from headgate import notes
from headgate.revisions.file import Facts

__all__ = ["Index"]

_FORM = 1


class Index:
    """The facts of files, by their content.

    Args:
        path: the file that keeps them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = _load(path)
        self._found: dict[str, Facts | None] = {}

    def known(self, content: bytes) -> Facts | tuple[()] | None:
        """Give what a text states; an empty tuple for one that is no revision, `None` for one that nobody has read."""
        key = hashlib.sha256(content).hexdigest()
        if key not in self._kept:
            return None
        facts = self._found[key] = self._kept[key]
        return facts if facts is not None else ()

    def learn(self, content: bytes, facts: Facts | None) -> None:
        """Take notice of what a text states; `None` for one that is no revision."""
        self._found[hashlib.sha256(content).hexdigest()] = facts

    def save(self) -> None:
        """Keep what was asked for or learnt and forget the rest; to be unable to is no reason to fail."""
        if self._found.keys() != self._kept.keys():
            notes.save(self._path, {"form": _FORM, "files": self._found})


def _load(path: Path) -> dict[str, Facts | None]:
    try:
        kept = notes.load(path)
        if kept["form"] != _FORM:
            return {}
        return {key: _facts(*values) if values else None for key, values in kept["files"].items()}
    except (AttributeError, ValueError, TypeError, KeyError):
        return {}


def _facts(id_: str, parents: list[str], needed: list[str], labels: list[str], lines: dict[str, int]) -> Facts:
    return Facts(id_, tuple(parents), tuple(needed), tuple(labels), lines)
