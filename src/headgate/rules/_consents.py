"""Consent: `# headgate: allow <rule> [until yyyy-mm-dd] because <reason>`, read from the comments of a revision."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from headgate.report.model import Finding
from headgate.revisions.file import RevisionFile
from headgate.revisions.header import is_filled

__all__ = ["SHOWN_BY_RUNNING", "Consent", "consents"]

SHOWN_BY_RUNNING = frozenset(
    {"downgrade-fails", "downgrade-not-inverse", "upgrade-again-fails", "upgrade-not-repeatable"}
)
"""What the gate finds by running a revision, and a revision may consent to as to a rule."""


@dataclass(frozen=True)
class Consent:
    """One consent, as it is written.

    Args:
        line: the line of the comment, counted from 1.
        rule: the name of the rule; empty when the comment cannot be read.
        reason: what stands after `because`.
        until: the last day on which it counts, as it is written.
        covers: the lines of the statement that it stands beside.
        whole_file: whether it stands before the first statement, and so speaks for the file as a whole.
    """

    line: int
    rule: str
    reason: str
    until: str | None
    covers: range
    whole_file: bool

    def problem(self, known: frozenset[str], today: date) -> str | None:
        """Say why the consent does not count, or `None` when it does.

        Args:
            known: the names of all rules.
            today: the day on which it is asked.
        """
        if not self.rule:
            return "a comment to headgate cannot be read as a consent"
        if self.rule not in known:
            return f"the consent names the rule {self.rule}, which does not exist"
        if not is_filled(self.reason):
            return f"the consent to {self.rule} gives no reason, so it does not count"
        if self.until is not None:
            try:
                last = date.fromisoformat(self.until)
            except ValueError:
                return f"the consent to {self.rule} ends on {self.until}, which is not a date"
            if last < today:
                return f"the consent to {self.rule} ended on {last}"
        return None

    def speaks_of(self, finding: Finding) -> bool:
        """Say whether the consent is about a finding: its rule, and its statement or the file as a whole."""
        return self.rule == finding.rule and (
            finding.line in self.covers or (self.whole_file and finding.line in {None, 1})
        )


def consents(revision: RevisionFile) -> tuple[Consent, ...]:
    """Read every consent of a revision, in order."""
    comments: dict[int, str] = {}
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(revision.source).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.string
        elif token.type not in _LAYOUT:
            code.update(range(token.start[0], token.end[0] + 1))
    return tuple(_consents(revision.tree, comments, code))


_LAYOUT = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER})


def _consents(tree: ast.Module, comments: dict[int, str], code: set[int]) -> Iterator[Consent]:
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    first = body[0].lineno if body else max(comments, default=0) + 1
    for line, text in comments.items():
        words = text.lstrip("#").split()
        if not words or not words[0].startswith("headgate:"):
            continue
        rule, until, reason = _read(words)
        target = line
        while target not in code and target in comments:
            target += 1
        yield Consent(line, rule, reason, until, _statement(tree, target), line < first)


def _read(words: list[str]) -> tuple[str, str | None, str]:
    match words:
        case ["headgate:", "allow", rule, "because", *reason]:
            return rule, None, " ".join(reason)
        case ["headgate:", "allow", rule, "until", day, "because", *reason]:
            return rule, day, " ".join(reason)
        case ["headgate:", "allow", rule]:
            return rule, None, ""
        case ["headgate:", "allow", rule, "until", day]:
            return rule, day, ""
        case _:
            return "", None, ""


def _statement(tree: ast.Module, line: int) -> range:
    """The lines of the innermost statement that a line is in; of one with a body, only what stands before the body."""
    found = range(line, line + 1)
    for node in ast.walk(tree):  # outer statements come before inner ones
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            body = getattr(node, "body", None)
            if not body:
                found = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            elif line < body[0].lineno:
                found = range(node.lineno, body[0].lineno)
    return found
