"""How lines are laid out: prose is wrapped on a terminal; code, paths and SQL never are, so that they can be copied."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from headgate.redaction import redacted

__all__ = ["columns", "put", "wrapped"]

_WIDEST = 100  # beyond that an eye loses the beginning of the next line
_NARROWEST = 40  # below that a terminal wraps better than we do

_COMMANDS = frozenset(
    {"ALTER", "ANALYZE", "CALL", "CLUSTER", "COMMENT", "COMMIT", "COPY", "CREATE", "DELETE", "DO", "DROP", "EXPLAIN"}
    | {"GRANT", "INSERT", "LOCK", "MERGE", "REFRESH", "REINDEX", "RESET", "REVOKE", "ROLLBACK", "SELECT", "SET"}
    | {"TABLE", "TRUNCATE", "UPDATE", "VACUUM", "VALUES", "WITH"}
)
_PROGRAMS = frozenset({"alembic", "git", "headgate", "inv", "psql", "python", "python3"})


def columns(console: Console) -> int | None:
    """Give the columns to wrap prose at; `None` where a program reads it, which looks for whole lines."""
    return max(_NARROWEST, min(console.width, _WIDEST)) if console.is_terminal else None


def put(console: Console, text: Text) -> None:
    """Print a line that is laid out already.

    Args:
        console: where to; its width does not cut the line.
        text: the line. A password in it is hidden, and an escape character, which would command the terminal, is shown.
    """
    shown = Text(redacted(text.plain).replace("\x1b", "␛"), style=text.style, spans=text.spans)
    console.print(shown, soft_wrap=True, highlight=False)


def wrapped(text: str, width: int | None, first: int, rest: int) -> Iterator[str]:
    """Break a text into lines.

    Args:
        text: prose, or what must stay on one line: SQL, a comment, a command, anything indented.
        width: the columns that there are; `None` to break only where the text does.
        first: how many of them are taken on the first line.
        rest: and on those after it.
    """
    taken = first
    for line in redacted(text).splitlines() or [""]:
        if width is None or _is_verbatim(line):
            yield line
        else:
            yield from _broken(_words(line), width, taken, rest)
        taken = rest


def _broken(words: list[str], width: int, taken: int, rest: int) -> Iterator[str]:
    line = words[0]
    for word in words[1:]:
        if not line:
            line = word  # a gap of two spaces was broken
        elif taken + cell_len(f"{line} {word}") <= width:
            line = f"{line} {word}"
        else:
            yield line.rstrip()
            line, taken = word, rest
    yield line


def _words(line: str) -> list[str]:
    """What may stand on lines of their own: words, and what is copied as one: between backticks, or after a colon."""
    words: list[str] = []
    rest = line.split(" ")
    while rest:
        taken = 1
        if words and words[-1].endswith(":") and _is_code(rest[0]):
            taken = len(rest)
        while taken < len(rest) and " ".join(rest[:taken]).count("`") % 2:
            taken += 1
        words.append(" ".join(rest[:taken]))
        rest = rest[taken:]
    return words


def _is_verbatim(line: str) -> bool:
    return _is_code(line.split(" ", 1)[0]) or line.startswith((" ", "\t", "statement: "))


def _is_code(word: str) -> bool:
    return word in _COMMANDS or word in _PROGRAMS or word == "#"
