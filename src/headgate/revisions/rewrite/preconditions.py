"""Declare what must hold of the rows before a revision may run on a real database."""

from __future__ import annotations

import libcst as cst

from headgate.revisions.rewrite.calls import text_of
from headgate.revisions.rewrite.layout import literal
from headgate.revisions.rewrite.model import CannotRewrite, Wanted
from headgate.revisions.rewrite.steps import Revision

__all__ = ["NAME", "declare"]

NAME = "preconditions"
_LINES = cst.ParenthesizedWhitespace
_AFTER = frozenset({"revision", "down_revision", "depends_on", "branch_labels"})


def declare(revision: Revision, wanted: Wanted) -> None:
    """Write the queries that must return 0 into the module's `preconditions`.

    Args:
        revision: the file, which is changed.
        wanted: `data` is each name with its query.

    Raises:
        CannotRewrite: the file gives `preconditions` otherwise than as a literal, or another query by the same name.
    """
    body = list(revision.module.body)
    at = next((index for index, node in enumerate(body) if _target(node) == NAME), None)
    known = _known(revision, body[at]) if at is not None else {}
    for name, query in wanted.data.items():
        if known.setdefault(name, query) != query:
            raise CannotRewrite(f'preconditions has another query for "{name}": give one of them another name')
    inside = revision.module.default_indent
    lines = "".join(
        f"{inside}{literal(name)}: {_query(name, query, inside, revision.width)},\n" for name, query in known.items()
    )
    if at is None:
        places = [index for index, node in enumerate(body) if _target(node) in _AFTER]
        made = cst.parse_statement(f"{NAME} = {{\n{lines}}}\n", config=revision.module.config_for_parsing)
        body.insert(max(places, default=len(body) - 1) + 1, made)
    else:
        body[at] = _extended(revision, body[at], wanted)
    revision.module = revision.module.with_changes(body=body)


def _query(name: str, query: str, inside: str, width: int) -> str:
    one = literal(query)
    if len(inside) + len(literal(name)) + len(one) + 3 <= width:
        return one
    # Broken at spaces; what stands in quotes keeps its spaces, because none is left out.
    pieces, line = [], ""
    for word in query.split(" "):
        if line and len(line) + len(word) + 2 * len(inside) + 3 > width:
            pieces.append(line)
            line = ""
        line += f"{word} "
    pieces.append(line[:-1])
    return "(\n" + "".join(f"{inside}{inside}{literal(piece)}\n" for piece in pieces) + f"{inside})"


def _target(node: cst.CSTNode) -> str:
    match node:
        case cst.SimpleStatementLine(
            body=[
                cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))])
                | cst.AnnAssign(target=cst.Name(value=name))
            ]
        ):
            return name
    return ""


def _dict(node: cst.CSTNode) -> cst.Dict:
    match node:
        case cst.SimpleStatementLine(
            body=[cst.Assign(value=cst.Dict() as found) | cst.AnnAssign(value=cst.Dict() as found)]
        ):
            return found
    raise CannotRewrite("preconditions is no literal in this file: add the query where it is made")


def _known(revision: Revision, node: cst.CSTNode) -> dict[str, str]:
    known: dict[str, str] = {}
    for element in _dict(node).elements:
        match element:
            case cst.DictElement(key=key, value=value):
                name = text_of(revision, key)
                if name is not None:
                    known[name] = text_of(revision, value) or ""
                    continue
        raise CannotRewrite("preconditions is not written out in this file: add the query where it is made")
    return known


def _extended(revision: Revision, node: cst.CSTNode, wanted: Wanted) -> cst.SimpleStatementLine:
    """The statement with new pairs at the end; the pairs that are there keep their layout and comments."""
    found = _dict(node)
    there = _known(revision, node)
    new = {name: query for name, query in wanted.data.items() if name not in there}
    assert isinstance(node, cst.SimpleStatementLine)
    if not new:
        return node
    inside = revision.module.default_indent
    opened = cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(inside))
    closed = cst.ParenthesizedWhitespace(indent=True)
    elements = list(found.elements)
    if elements:
        # What stands between the last pair and the brace may be a remark on that pair.
        old = found.rbrace.whitespace_before
        between = old.with_changes(last_line=opened.last_line) if isinstance(old, _LINES) else opened
        elements[-1] = elements[-1].with_changes(comma=cst.Comma(whitespace_after=between))
    for index, (name, query) in enumerate(new.items()):
        source = _query(name, query, inside, revision.width)
        value = cst.parse_expression(source, config=revision.module.config_for_parsing)
        comma = cst.Comma(whitespace_after=closed if index == len(new) - 1 else opened)
        elements.append(cst.DictElement(cst.parse_expression(literal(name)), value, comma=comma))
    brace = found.lbrace if elements and found.elements else cst.LeftCurlyBrace(whitespace_after=opened)
    made = found.with_changes(elements=elements, lbrace=brace, rbrace=cst.RightCurlyBrace())
    changed = node.deep_replace(found, made)
    assert isinstance(changed, cst.SimpleStatementLine)
    return changed
