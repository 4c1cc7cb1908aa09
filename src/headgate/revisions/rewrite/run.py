"""Write the safe forms of several findings into one file."""

from __future__ import annotations

import ast
import difflib
import importlib
from collections.abc import Sequence

import libcst as cst

from headgate.revisions.rewrite import preconditions
from headgate.revisions.rewrite.model import FIXABLE, Applied, CannotRewrite, Refused, Rewritten, Wanted
from headgate.revisions.rewrite.steps import Revision, read

__all__ = ["difference", "run"]

_OF_INDEXES = frozenset(
    {
        "index-not-concurrent",
        "index-under-lock",
        "index-drop-not-concurrent",
        "reindex-not-concurrent",
        "concurrently-in-tx",
    }
)


def run(source: str, wanted: Sequence[Wanted]) -> Rewritten:
    """Write safe forms; see `headgate.revisions.rewrite.rewrite`."""
    try:
        revision = read(source)
    except CannotRewrite as error:
        return Rewritten(source, (), tuple(Refused(one.rule, one.line, str(error)) for one in wanted))
    applied: list[Applied] = []
    refused: list[Refused] = []
    for one in sorted(wanted, key=_order):
        changed = revision.copy()
        try:
            _apply(changed, one)
        except CannotRewrite as error:
            # What was made CONCURRENTLY takes no lock any more that others would wait for.
            if one.rule == "lock-timeout" and any(a.line == one.line and a.rule in _OF_INDEXES for a in applied):
                applied.append(Applied(one.rule, one.line))
            else:
                refused.append(Refused(one.rule, one.line, str(error)))
        else:
            revision = changed
            applied.append(Applied(one.rule, one.line))
    text = _with_sqlalchemy(revision.source(), source)
    return Rewritten(text, tuple(applied), tuple(refused))


def difference(source: str, wanted: Wanted, among: Sequence[Wanted]) -> tuple[str, ...]:
    """Give the lines that go and come for one finding; see `headgate.revisions.rewrite.diff_for`."""
    others = [one for one in among if one != wanted and _order(one) <= _order(wanted)]
    done = run(source, [*others, wanted])
    if Applied(wanted.rule, wanted.line) not in done.applied:
        return ()
    before = run(source, others).source if others else source
    function = next((name for name, lines in _functions(source) if wanted.line in lines), None)
    old, new = before.splitlines(), done.source.splitlines()
    within = dict(_functions(before)).get(function or "", range(1, len(old) + 2))
    if wanted.rule == "precondition":
        within = range(1, len(old) + 2)
    shown: list[str] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal" and within.start <= i1 + 1 <= within.stop:
            shown += [f"-{text}" for text in old[i1:i2]] + [f"+{text}" for text in new[j1:j2]]
    margin = min((len(text) - 1 - len(text[1:].lstrip()) for text in shown if text[1:].strip()), default=0)
    return tuple(f"{text[0]} {text[1 + margin :]}".rstrip() for text in shown)


def _order(wanted: Wanted) -> tuple[int, int]:
    # A limit is set in every transaction, so it comes after the splits; what the module declares comes last.
    return {"lock-timeout": 1, "precondition": 2}.get(wanted.rule, 0), wanted.line


def _apply(revision: Revision, wanted: Wanted) -> None:
    if wanted.rule not in FIXABLE:
        raise CannotRewrite(f"no safe form is known for {wanted.rule}")
    if wanted.rule == "precondition":
        preconditions.declare(revision, wanted)
        return
    module, function = FIXABLE[wanted.rule].split(".")
    rewriter = getattr(importlib.import_module(f"headgate.revisions.rewrite.{module}"), function)
    # A limit is set before whatever surrounds the statement; any other form takes the statement's own place.
    place = revision.find(wanted.line, nested=wanted.rule == "lock-timeout")
    rewriter(revision, place, wanted)


def _functions(source: str) -> list[tuple[str, range]]:
    return [
        (node.name, range(node.lineno, (node.end_lineno or node.lineno) + 1))
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    ]


def _with_sqlalchemy(source: str, before: str) -> str:
    """The text with `import sqlalchemy as sa` where a rewriting uses it and the file did not."""
    if "sa." not in source or source == before:
        return source
    module = cst.parse_module(source)
    if any(_gives_sa(node) for node in module.body) or not _uses_sa(module):
        return source
    at = next((i for i, node in enumerate(module.body) if _is_import(node) and not _is_future(node)), len(module.body))
    first = module.body[at] if at < len(module.body) else None
    made = cst.parse_statement("import sqlalchemy as sa\n", config=module.config_for_parsing)
    body = list(module.body)
    if isinstance(first, cst.SimpleStatementLine):
        made = made.with_changes(leading_lines=first.leading_lines)
        body[at] = first.with_changes(leading_lines=())
    body.insert(at, made)
    return module.with_changes(body=body).code


def _is_import(node: cst.CSTNode) -> bool:
    match node:
        case cst.SimpleStatementLine(body=[cst.Import() | cst.ImportFrom()]):
            return True
    return False


def _is_future(node: cst.CSTNode) -> bool:
    match node:
        case cst.SimpleStatementLine(body=[cst.ImportFrom(module=cst.Name(value="__future__"))]):
            return True
    return False


def _gives_sa(node: cst.CSTNode) -> bool:
    match node:
        case cst.SimpleStatementLine(body=[cst.Import(names=names)]):
            return any(
                one.asname and isinstance(one.asname.name, cst.Name) and one.asname.name.value == "sa" for one in names
            )
    return False


def _uses_sa(node: cst.CSTNode) -> bool:
    match node:
        case cst.Attribute(value=cst.Name(value="sa")):
            return True
    return any(_uses_sa(child) for child in node.children)
