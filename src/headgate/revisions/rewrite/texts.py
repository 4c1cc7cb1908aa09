"""SQL that stands as a text in the file: read it, and put words into it without touching the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from headgate.revisions.rewrite.calls import Call, text_of
from headgate.revisions.rewrite.layout import with_call
from headgate.revisions.rewrite.model import CannotRewrite
from headgate.revisions.rewrite.sql import Word, name_at, starts, statements
from headgate.revisions.rewrite.steps import Step

__all__ = ["Sent", "added", "find", "sent"]


@dataclass(frozen=True)
class Sent:
    """One statement that `op.execute` sends.

    Args:
        step: the step.
        call: its call.
        sql: the text.
        words: the statement's words.
    """

    step: Step
    call: Call
    sql: str
    words: tuple[Word, ...]

    def edited(self, *edits: tuple[int, int, str]) -> Step:
        """Give the step with parts of its text replaced.

        Args:
            edits: where each part begins and ends, and what takes its place.

        Raises:
            CannotRewrite: the text is spelled with escapes, so a place in it is not one in the file.
        """
        node = self.call.needed("sqltext")
        pieces = list(_pieces(node))
        if not pieces or any(piece.raw_value != piece.evaluated_value for piece in pieces):
            raise CannotRewrite("the SQL is not written here as one plain text without escapes: rewrite it by hand")
        changes: dict[cst.SimpleString, cst.SimpleString] = {}
        for start, end, new in sorted(edits, reverse=True):
            at = 0
            for piece in pieces:
                length = len(piece.raw_value)
                if at <= start and end <= at + length and (start < at + length or piece is pieces[-1] or start == end):
                    text = changes.get(piece, piece)
                    raw = text.raw_value
                    made = raw[: start - at] + new + raw[end - at :]
                    changes[piece] = text.with_changes(value=f"{text.prefix}{text.quote}{made}{text.quote}")
                    break
                at += length
            else:
                raise CannotRewrite("the SQL to be replaced is spread over several texts: rewrite it by hand")
        call = self.call.node.visit(_Replace(changes))
        assert isinstance(call, cst.Call)
        return with_call(self.step, call)

    def text(self, start: int, end: int | None = None) -> str:
        """Give the SQL from one word to before another."""
        last = self.words[end - 1 if end is not None else -1]
        return self.sql[self.words[start].start : last.end]


def sent(step: Step, call: Call) -> Sent:
    """Read the one statement that a call of `op.execute` sends.

    Raises:
        CannotRewrite: its SQL does not stand in the file, or it is several statements.
    """
    sql = text_of(call.revision, call.needed("sqltext"))
    if sql is None:
        raise CannotRewrite("its SQL is put together when it runs: write it as one plain text, or use op's own call")
    found = statements(sql)
    if len(found) != 1:
        raise CannotRewrite(f"it sends {len(found) or 'no'} statements in one text: give each a call of its own")
    return Sent(step, call, sql, found[0])


def _pieces(node: cst.BaseExpression) -> Iterator[cst.SimpleString]:
    match node:
        case cst.SimpleString():
            yield node
        case cst.ConcatenatedString(left=left, right=right):
            yield from _pieces(left)
            yield from _pieces(right)
        case cst.Call(args=[one]):
            yield from _pieces(one.value)


class _Replace(cst.CSTTransformer):
    def __init__(self, changes: dict[cst.SimpleString, cst.SimpleString]) -> None:
        super().__init__()
        self._changes = changes

    def leave_SimpleString(  # noqa: N802
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.SimpleString:
        return self._changes.get(original_node, updated_node)


def find(words: Sequence[Word], *keywords: str) -> int:
    """The place of the first word outside parentheses that is one of these; -1 where there is none."""
    return next((at for at, word in enumerate(words) if word.depth == 0 and word.says(*keywords)), -1)


def added(text: Sent) -> tuple[str, str, int]:
    """Read `ALTER TABLE … ADD CONSTRAINT …`.

    Returns:
        The table and the constraint as they are written, and the place of the word that says of which kind it is.

    Raises:
        CannotRewrite: it is another statement, or does more than that.
    """
    at = 2
    while at < len(text.words) and text.words[at].says("IF", "EXISTS", "ONLY"):
        at += 1
    table, at = name_at(text.words, at)
    name = name_at(text.words, at + 2)[0]
    single = not any(word.depth == 0 and word.says(",") for word in text.words)
    if not starts(text.words, "ALTER", "TABLE") or not starts(text.words[at:], "ADD", "CONSTRAINT") or not single:
        raise CannotRewrite("it is no ALTER TABLE that adds one named constraint and does nothing else: split it first")
    return table, name, at + 3
