"""The words of a SQL text: enough to know what kind of statement it is and where a word may be put in, and no more.

Strings, quoted names, dollar quotes and comments are read as PostgreSQL reads them:
https://www.postgresql.org/docs/current/sql-syntax-lexical.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Word", "name_at", "starts", "statements", "value", "words"]


@dataclass(frozen=True)
class Word:
    """A word of a statement.

    Args:
        text: as it is written.
        start: where it begins in the text.
        end: where it ends.
        depth: how many parentheses are open around it; a parenthesis counts as standing inside itself.
        kind: `word`, `name` for a quoted one, `string`, or `sign`.
    """

    text: str
    start: int
    end: int
    depth: int
    kind: str

    def says(self, *keywords: str) -> bool:
        """Whether it is one of these keywords or signs, in any case."""
        return self.kind in {"word", "sign"} and self.text.upper() in keywords


def words(sql: str) -> tuple[Word, ...]:
    """Read a text; comments and spaces are passed over."""
    found: list[Word] = []
    at, depth = 0, 0
    while at < len(sql):
        start, character = at, sql[at]
        if character.isspace():
            at += 1
            continue
        if sql.startswith("--", at):
            at = _after(sql, "\n", at)
            continue
        if sql.startswith("/*", at):
            at = _after_comment(sql, at)
            continue
        kind = "sign"
        if character == '"':
            at, kind = _after_quote(sql, at, '"', escapes=False), "name"
        elif character == "'":
            escapes = bool(found) and found[-1].end == start and found[-1].says("E")
            at, kind = _after_quote(sql, at, "'", escapes=escapes), "string"
        elif character == "$" and (tag := _dollar_tag(sql, at)):
            at, kind = _after(sql, tag, at + len(tag)), "string"
        elif _in_word(character):
            while at < len(sql) and _in_word(sql[at]):
                at += 1
            kind = "word"
        else:
            at += 1
        depth += character == "("
        found.append(Word(sql[start:at], start, at, depth, kind))
        depth -= character == ")"
    return tuple(found)


def statements(sql: str) -> tuple[tuple[Word, ...], ...]:
    """Read a text as statements, without the semicolons between them and without empty ones."""
    found: list[list[Word]] = [[]]
    for word in words(sql):
        if word.depth == 0 and word.says(";"):
            found.append([])
        else:
            found[-1].append(word)
    return tuple(tuple(one) for one in found if one)


def starts(statement: Sequence[Word], *keywords: str) -> bool:
    """Whether a statement begins with these keywords."""
    return len(statement) >= len(keywords) and all(
        word.says(keyword) for word, keyword in zip(statement, keywords, strict=False)
    )


def name_at(statement: Sequence[Word], at: int) -> tuple[str, int]:
    """Read a name, with a schema or without.

    Args:
        statement: the statement.
        at: where the name begins.

    Returns:
        The name as it is written, and the place after it; an empty name where none stands there.
    """
    if at >= len(statement) or statement[at].kind not in {"word", "name"}:
        return "", at
    text, at = statement[at].text, at + 1
    while at + 1 < len(statement) and statement[at].says(".") and statement[at + 1].kind in {"word", "name"}:
        text += f".{statement[at + 1].text}"
        at += 2
    return text, at


def value(name: str) -> str:
    """Give a name as the catalog has it: folded to lower case, or what stands between the quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _in_word(character: str) -> bool:
    return character.isalnum() or character in "_$" or character > "\x7f"


def _after(sql: str, end: str, at: int) -> int:
    found = sql.find(end, at)
    return len(sql) if found < 0 else found + len(end)


def _after_comment(sql: str, at: int) -> int:
    depth = 0
    while at < len(sql):
        if sql.startswith("/*", at):
            depth, at = depth + 1, at + 2
        elif sql.startswith("*/", at):
            depth, at = depth - 1, at + 2
            if depth == 0:
                return at
        else:
            at += 1
    return at


def _after_quote(sql: str, at: int, quote: str, *, escapes: bool) -> int:
    at += 1
    while at < len(sql):
        if (escapes and sql[at] == "\\") or sql.startswith(quote * 2, at):
            at += 2
        elif sql[at] == quote:
            return at + 1
        else:
            at += 1
    return at


def _dollar_tag(sql: str, at: int) -> str:
    end = sql.find("$", at + 1)
    tag = sql[at : end + 1] if end > 0 else ""
    inside = tag[1:-1]
    return tag if not inside or (inside.replace("_", "a").isalnum() and not inside[0].isdigit()) else ""
