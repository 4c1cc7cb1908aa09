"""The docstring at the top of a revision: its message, then what it intends, what it risks, and how it is undone.

add note to entries

Intent: editors leave a remark on an entry.
Risk: catalog change only; ACCESS EXCLUSIVE on entries for a moment.
Rollback: drops entries.note; the remarks are lost.

Revision ID: 20261122170212
Revises: 20261120091500
Create Date: 2026-11-22 17:02:12+00:00
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["PLACEHOLDERS", "Header", "escaped", "is_filled", "parse", "render", "with_docstring"]

PLACEHOLDERS: Mapping[str, str] = {
    "Intent": "<why this is needed>",
    "Risk": "<what it locks, rewrites or loses, and for how long>",
    "Rollback": "<how it is undone, or: irreversible, and why>",
}
"""What stands in a header until somebody has filled it in."""

_ALEMBIC = ("Revision ID", "Revises", "Create Date")
_UNFILLED = frozenset({"todo", "tbd", "fixme", "xxx"})
_WIDTH = 116  # a line of 120, less the quotes


@dataclass(frozen=True)
class Header:
    """What a header says; a line that is not there is an empty text.

    Args:
        message: the first paragraph, as one line.
        intent: why the revision is made.
        risk: what it locks, rewrites or loses.
        rollback: how it is undone.
        rest: every other line of the docstring, but for those that Alembic writes.
    """

    message: str = ""
    intent: str = ""
    risk: str = ""
    rollback: str = ""
    rest: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the lines that are not there, empty, or not filled in."""
        said = {"Intent": self.intent, "Risk": self.risk, "Rollback": self.rollback}
        return tuple(name for name, text in said.items() if not is_filled(text))

    @property
    def irreversible(self) -> str | None:
        """Why the revision cannot be undone, where `Rollback: irreversible, <why>` says so; else `None`."""
        word, why = self.rollback[:12], self.rollback[12:].lstrip(" ,;:.-\u2013\u2014")
        return why if word.casefold() == "irreversible" and is_filled(why) else None


def is_filled(text: str) -> bool:
    """Say whether a text was written by somebody, and is not empty, `<a placeholder>` or "TODO"."""
    bare = text.strip().rstrip(".:!")
    if bare.startswith("<") and bare.endswith(">"):
        return False
    return any(sign.isalnum() for sign in bare) and bare.casefold() not in _UNFILLED


def parse(docstring: str) -> Header:
    """Read a revision's docstring.

    Args:
        docstring: the text, with its indentation taken off. A line goes on until an empty line or the next name.
    """
    found: dict[str, list[str]] = {"message": []}
    rest: list[str] = []
    current: list[str] | None = found["message"]
    for line in docstring.splitlines():
        name, colon, text = line.partition(":")
        if colon and name in (*PLACEHOLDERS, *_ALEMBIC):
            current = found.setdefault(name, [])
            current.append(text.strip())
        elif not line.strip():
            current = None if any(found["message"]) or len(found) > 1 else current
            rest.append("")
        elif current is not None:
            current.append(line.strip())
        else:
            rest.append(line)
    said = {name: " ".join(parts).strip() for name, parts in found.items()}
    return Header(
        message=said["message"],
        intent=said.get("Intent", ""),
        risk=said.get("Risk", ""),
        rollback=said.get("Rollback", ""),
        rest=tuple("\n".join(rest).strip().splitlines()),
    )


def render(header: Header, *, revision_id: str, revises: Sequence[str], created: str) -> str:
    """Give a header as the literal that starts a file; what is empty in it becomes its placeholder.

    Args:
        header: what it says. The message is one line; see `naming.clean_message`.
        revision_id: the revision's id.
        revises: the ids that it builds on; empty for the first one.
        created: when it was made.

    Returns:
        Valid Python, whatever the texts hold: `ast.literal_eval` gives them back.
    """
    said = {"Intent": header.intent, "Risk": header.risk, "Rollback": header.rollback}
    lines = [
        *_wrapped(header.message, ""),
        "",
        *(line for name, text in said.items() for line in _wrapped(f"{name}: {text or PLACEHOLDERS[name]}", "  ")),
        "",
        *((*header.rest, "") if header.rest else ()),
        f"Revision ID: {revision_id}",
        f"Revises: {', '.join(revises)}".rstrip(),
        f"Create Date: {created}",
        "",
    ]
    return f'"""{escaped(chr(10).join(lines))}"""'


def escaped(text: str) -> str:
    """Give a text as it must stand between triple double quotes to be read back as it is."""
    safe = text.replace("\\", "\\\\")
    end = '\\"' if safe.endswith('"') else ""
    return safe.removesuffix('"' if end else "").replace('"""', '\\"\\"\\"') + end


def with_docstring(source: str, literal: str) -> str:
    """Put a literal in the place of a module's docstring, or at the top where there is none.

    Args:
        source: a module.
        literal: the new docstring, as `render` gives it.
    """
    first = next(iter(ast.parse(source).body), None)
    match first:
        case ast.Expr(value=ast.Constant(value=str()) as old):
            # The tree counts columns in bytes of UTF-8, and ends lines where Python does.
            lines = source.encode().splitlines(keepends=True)
            start = sum(map(len, lines[: old.lineno - 1])) + old.col_offset
            end = sum(map(len, lines[: (old.end_lineno or 1) - 1])) + (old.end_col_offset or 0)
            whole = b"".join(lines)
            return (whole[:start] + literal.encode() + whole[end:]).decode()
    return f"{literal}\n\n{source}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
