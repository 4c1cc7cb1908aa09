"""Comments that a safe form leaves without a meaning."""

from __future__ import annotations

import io
import tokenize
from collections import Counter
from collections.abc import Iterable

__all__ = ["comments", "without"]


def comments(source: str) -> dict[int, str]:
    """Give the comment of each line that has one, from the `#` on."""
    return {one.start[0]: one.string for one in _tokens(source)}


def without(source: str, gone: Iterable[str]) -> str:
    """Take comments out of a file, with the line where one has it to itself.

    Args:
        source: the text of the file.
        gone: their texts, from the `#` on, as often as each is to go. One that stands there more often stays:
            which of them it is cannot be told.
    """
    wanted = Counter(gone)
    tokens = _tokens(source)
    there = Counter(one.string for one in tokens)
    lines = source.splitlines(keepends=True)
    for token in tokens:
        if there[token.string] != wanted[token.string]:
            continue
        (row, start), (_, end) = token.start, token.end
        line = lines[row - 1]
        kept = line[:start].rstrip() + line[end:]
        lines[row - 1] = kept if kept.strip() else ""
    return "".join(lines)


def _tokens(source: str) -> list[tokenize.TokenInfo]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [one for one in tokens if one.type == tokenize.COMMENT]
