"""Which extensions a history asks for, by its text: it only chooses among servers, and the server has the last word."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.revisions.file import RevisionFile

__all__ = ["created", "named"]

_NOISE = frozenset({"IF", "NOT", "EXISTS"})


def named(files: Iterable[RevisionFile]) -> frozenset[str]:
    """Give the extensions that the texts in revision files create.

    Args:
        files: the revision files.
    """
    return frozenset(
        name
        for file in files
        if "extension" in file.source.lower()
        for node in ast.walk(ast.parse(file.source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for name in created(node.value)
    )


def created(sql: str) -> Iterator[str]:
    """Give the names that follow `CREATE EXTENSION [IF NOT EXISTS]`.

    Args:
        sql: SQL, or any other text.
    """
    words = sql.replace(";", " ; ").split()
    for at, (first, second) in enumerate(pairwise(words)):
        if (first.upper(), second.upper()) == ("CREATE", "EXTENSION"):
            name = next((word for word in words[at + 2 :] if word.upper() not in _NOISE), "").strip("\"'`,")
            if name and all(letter.isalnum() or letter in "_-" for letter in name):
                yield name
