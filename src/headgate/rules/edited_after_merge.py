"""A revision that is on the base branch and was changed since.

A database that has run a revision never runs it again. When the file changes afterwards, such a database stays as it
was, a new one is built differently, and nothing shows it until something fails on one and not on the other.

It fires when the syntax tree of a merged file has changed. It is silent about comments, docstrings,
layout and `preconditions`, which are asked before a revision runs.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from headgate.report.model import Finding, Severity
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    if evidence.merged_source is None:
        return
    try:
        merged = ast.parse(evidence.merged_source)
    except (SyntaxError, ValueError):
        return  # what could not run has been run nowhere
    revision = evidence.revision
    difference = _difference(_what_runs(merged), _what_runs(revision.tree))
    if difference is None:
        return
    was, now, line = difference
    old, new = _lines(evidence.merged_source, was), _lines(revision.source, now)
    yield RULE.finding(
        evidence,
        line or len(revision.source.splitlines()),
        f"{revision.path.name} was merged and has changed since: a database that ran it stays as it was",
        seen=(f"merged: {old[0] if old else 'nothing'}", f"now: {new[0] if new else 'nothing'}"),
        fix=(
            "Put back what was merged, and make the change in a revision of its own:",
            *(f"- {text}" for text in new),
            *(f"+ {text}" for text in old),
        ),
    )


_Difference = tuple[ast.AST | None, ast.AST | None, int | None]


def _difference(merged: ast.AST, now: ast.AST) -> _Difference | None:
    """The first statement that is not the same: as merged, as it is now, and the line of now."""
    if ast.dump(merged) == ast.dump(now):
        return None
    before, after = _body(merged), _body(now)
    if not before or not after or ast.dump(_bare(merged)) != ast.dump(_bare(now)):
        return merged, now, getattr(now, "lineno", 1)
    for old, new in zip_longest(before, after):
        if new is None:
            return old, None, after[-1].end_lineno
        if old is None:
            return None, new, new.lineno
        if found := _difference(old, new):
            return found
    return merged, now, getattr(now, "lineno", 1)


def _body(node: ast.AST) -> Sequence[ast.stmt]:
    return getattr(node, "body", ()) if isinstance(node, (ast.Module, ast.stmt)) else ()


def _bare(node: ast.AST) -> ast.AST:
    bare = copy.copy(node)
    bare.body = []  # type: ignore[attr-defined]  # only asked of nodes that have one
    return bare


def _what_runs(tree: ast.Module) -> ast.Module:
    """The tree without docstrings, and without the preconditions, which are asked before it runs and change nothing."""
    tree = copy.deepcopy(tree)
    tree.body = [node for node in tree.body if not _declares(node)]
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.copy_location(ast.Pass(), node.body[0])]
    return tree


def _declares(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name(id="preconditions")]) | ast.AnnAssign(target=ast.Name(id="preconditions")):
            return True
    return False


def _lines(source: str, node: ast.AST | None) -> list[str]:
    segment = ast.get_source_segment(source, node) if node is not None else None
    return (segment or "").splitlines()


_REVISION = '''"""add note to entries

Intent: editors leave a remark on an entry.
Risk: catalog change only; ACCESS EXCLUSIVE on entries for a moment.
Rollback: drops entries.note; the remarks are lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122170212"
down_revision = "20261120091500"


def upgrade() -> None:
    op.add_column("entries", sa.Column("note", sa.{type}(), nullable=True))


def downgrade() -> None:
    op.drop_column("entries", "note")
'''

RULE = Rule(
    name="edited-after-merge",
    severity=Severity.ERROR,
    condition="The code of a revision differs from what the base branch has.",
    effect="Databases that have run it keep the old schema; new ones get the other.",
    workaround="Put the merged text back and write a new revision for the change.",
    bad=_REVISION.format(type="String"),
    good=_REVISION.format(type="Text"),
    merged=_REVISION.format(type="Text"),
    source="https://alembic.sqlalchemy.org/en/latest/tutorial.html#running-our-second-migration",
    check=_check,
    of_merged=True,
)
