"""Examples of the text that a regular expression describes.

The common syntax of https://www.postgresql.org/docs/18/functions-matching.html#POSIX-SYNTAX-DETAILS. Whether an example
does match is for the server to say, so what is not understood yields no example rather than an error.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

__all__ = ["examples"]

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_CLASSES = {
    "d": "0123456789",
    "w": _LOWER + _LOWER.upper() + "0123456789_",
    "s": " ",
    "D": _LOWER,
    "W": "-.",
    "S": _LOWER,
}
_NAMED = {
    "alpha": _LOWER + _LOWER.upper(), "lower": _LOWER, "upper": _LOWER.upper(), "digit": "0123456789", "space": " ",
    "alnum": _LOWER + _LOWER.upper() + "0123456789", "punct": "-.,", "xdigit": "0123456789abcdef",
    "word": _CLASSES["w"],
}  # fmt: skip
_ANY = _LOWER + "0123456789"
_MORE = 8  # how much longer than it must be a repetition without an end gets

_Part = Callable[[Random], str]


def examples(pattern: str, count: int) -> list[str]:
    """Give different texts that a pattern describes, always the same; none when it is not understood.

    Args:
        pattern: a regular expression.
        count: how many at most.
    """
    try:
        part = _Reader(pattern).whole()
    except (IndexError, ValueError):
        return []
    random = Random(pattern)
    found: dict[str, None] = {}
    for _ in range(2 * count):
        found[part(random)] = None
        if len(found) == count:
            break
    return list(found)


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._place = 0

    def whole(self) -> _Part:
        """Read all of it; a parenthesis too many is an error."""
        part = self._alternatives()
        if self._place < len(self._text):
            raise ValueError(self._text)
        return part

    def _peek(self) -> str:
        return self._text[self._place : self._place + 1]

    def _next(self) -> str:
        self._place += 1
        return self._text[self._place - 1]

    def _alternatives(self) -> _Part:
        options = [self._sequence()]
        while self._peek() == "|":
            self._next()
            options.append(self._sequence())
        return lambda random: random.choice(options)(random)

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._peek() not in ("", "|", ")"):
            part = self._atom()
            parts.append(self._repeated(part))
        return lambda random: "".join(part(random) for part in parts)

    def _atom(self) -> _Part:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return _one_of(self._bracket())
        if char == "\\":
            return self._escape()
        if char in "^$":
            return lambda _: ""
        return _one_of(_ANY) if char == "." else _one_of(char)

    def _group(self) -> _Part:
        """Read a group; one that looks ahead adds nothing, and the server judges what comes of that."""
        adds = True
        if self._peek() == "?":
            self._next()
            adds = self._next() == ":"
            if not adds and self._text[self._place - 1] == "<":
                self._next()
        part = self._alternatives()
        if self._next() != ")":
            raise ValueError(self._text)
        return part if adds else lambda _: ""

    def _escape(self) -> _Part:
        char = self._next()
        if char in "AZmMyYbB":
            return lambda _: ""
        return _one_of({**_CLASSES, "n": "\n", "t": "\t"}.get(char, char))

    def _bracket(self) -> str:
        """Read a bracket expression and give the characters that it takes."""
        refused = self._peek() == "^"
        if refused:
            self._next()
        chars = ""
        while self._peek() != "]" or not chars:
            char = self._next()
            if char == "[" and self._peek() in (":", ".", "="):
                end = self._text.index("]", self._place)
                chars += _NAMED.get(self._text[self._place + 1 : end - 1], "")
                self._place = end + 1
                continue
            if char == "\\":
                char = self._next()
                if char in _CLASSES:
                    chars += _CLASSES[char]
                    continue
            if self._peek() == "-" and self._text[self._place + 1 : self._place + 2] != "]":
                self._next()
                last = min(ord(self._next()), ord(char) + 200)
                chars += "".join(chr(code) for code in range(ord(char), last + 1))
            else:
                chars += char
        self._next()
        return "".join(c for c in _ANY + " -_." if c not in chars) if refused else chars

    def _repeated(self, part: _Part) -> _Part:
        char = self._peek()
        if char == "" or char not in "*+?{":
            return part
        self._next()
        least, most = {"*": (0, _MORE), "+": (1, 1 + _MORE), "?": (0, 1)}.get(char, (0, 0))
        if char == "{":
            end = self._text.index("}", self._place)
            first, comma, second = self._text[self._place : end].partition(",")
            self._place = end + 1
            least = int(first)
            most = int(second) if second else least + (_MORE if comma else 0)
        if self._peek() == "?":
            self._next()
        return lambda random: "".join(part(random) for _ in range(random.randint(least, min(most, least + 40))))


def _one_of(chars: str) -> _Part:
    return lambda random: random.choice(chars)
