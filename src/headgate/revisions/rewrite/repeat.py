"""Make statements such that running them a second time does no harm.

A split leaves what stands before it committed, while the version is written after the last statement. When a later
statement fails, the revision runs again from its first line: what was committed must then pass, and end in the same
schema. A statement of which that cannot be said stops the rewriting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import libcst as cst

from headgate.revisions.rewrite import again
from headgate.revisions.rewrite.calls import Call, call_of, text_of
from headgate.revisions.rewrite.layout import execute, with_argument, written
from headgate.revisions.rewrite.model import CannotRewrite
from headgate.revisions.rewrite.sql import value, words
from headgate.revisions.rewrite.steps import Revision, Step, remarks, with_leading

__all__ = ["repeatable"]

CONSTRAINTS = {
    "create_check_constraint": "check",
    "create_foreign_key": "foreignkey",
    "create_unique_constraint": "unique",
}
_ALREADY = frozenset({"create_table_comment", "drop_table_comment"})
_IF_EXISTS = frozenset({"drop_table", "drop_column", "drop_constraint", "drop_index"})
_HARMLESS = frozenset({"f", "get_bind", "get_context", "text", "table", "column", "inspect"})


def repeatable(revision: Revision, steps: Iterable[Step]) -> list[Step]:
    """Give the same statements in a form that may run twice.

    Args:
        revision: the file.
        steps: the statements that a split commits.

    Raises:
        CannotRewrite: there is one of which it cannot be said.
    """
    return list(_each(revision, steps, depth=1, dropped=set()))


def _each(revision: Revision, steps: Iterable[Step], depth: int, dropped: set[str]) -> Iterator[Step]:
    for step in steps:
        if step.kind == "autocommit":
            yield replace(step, inside=list(_each(revision, step.inside, depth + 1, dropped)))
        elif step.kind == "batch":
            raise _stops(revision, step, "is a batch")
        elif call := call_of(revision, step):
            yield from _call(revision, step, call, depth, dropped)
        elif _does_nothing(step):
            yield step
        else:
            raise _stops(revision, step, "may do something else the second time")


def _call(revision: Revision, step: Step, call: Call, depth: int, dropped: set[str]) -> Iterator[Step]:
    operation = call.operation
    if operation in _ALREADY:
        yield step
    elif operation in _IF_EXISTS:
        made = step if call.says("if_exists", "True") else with_argument(step, call, "if_exists", "True", depth=depth)
        if operation in {"drop_index", "drop_constraint"}:
            dropped.add(_name(call, 0))
        yield made
    elif operation == "create_index":
        yield _index(step, call, depth, dropped)
    elif operation in {"create_table", "add_column"}:
        if _makes_more(call):
            raise _stops(revision, step, "makes a constraint, an index or a type beside it")
        given = call.says("if_not_exists", "True")
        yield step if given else with_argument(step, call, "if_not_exists", "True", depth=depth)
    elif operation in CONSTRAINTS:
        yield from guarded(step, call, depth, dropped)
    elif operation == "alter_column" and "new_column_name" not in call.keywords and _casts_only(call):
        yield step
    elif operation == "execute":
        yield from _execute(revision, step, call, depth, dropped)
    else:
        raise _stops(revision, step, "fails or changes something the second time")


def guarded(step: Step, call: Call, depth: int, dropped: set[str]) -> Iterator[Step]:
    """Give a call that adds a constraint, after one that drops what an earlier try left of it."""
    revision = call.revision
    if (name := _name(call, 0)) not in dropped:
        table = "source_table" if call.operation == "create_foreign_key" else "table_name"
        schema = call.argument("source_schema") if call.operation == "create_foreign_key" else call.argument("schema")
        arguments = [call.code("constraint_name"), call.code(table), f'type_="{CONSTRAINTS[call.operation]}"']
        if schema is not None and revision.code(schema) != "None":
            arguments.append(f"schema={revision.code(schema)}")
        drop = written(revision, "drop_constraint", *arguments, "if_exists=True", depth=depth)
        comments, consents = remarks(step)
        yield with_leading(drop, comments)
        step = with_leading(step, consents)
        dropped.add(name)
    yield step


def _index(step: Step, call: Call, depth: int, dropped: set[str]) -> Step:
    if call.says("if_not_exists", "True") or _name(call, 0) in dropped:
        return step
    if call.says("postgresql_concurrently", "True"):
        raise _stops(call.revision, step, "may leave an INVALID index")
    # In a transaction there is no INVALID leftover that IF NOT EXISTS would pass over.
    return with_argument(step, call, "if_not_exists", "True", depth=depth)


def _execute(revision: Revision, step: Step, call: Call, depth: int, dropped: set[str]) -> Iterator[Step]:
    sql = text_of(revision, call.needed("sqltext"))
    judged = again.judge(sql, dropped) if sql is not None else None
    if judged is None:
        raise _stops(revision, step, "may do something else the second time")
    dropped.update(judged.drops)
    for before in judged.before:
        comments, consents = remarks(step)
        yield with_leading(execute(revision, before, depth=depth), comments)
        step = with_leading(step, consents)
    yield step


def _casts_only(call: Call) -> bool:
    """Whether USING, if there is one, is a mere cast of the column, which a second one leaves as it is."""
    using = call.argument("postgresql_using")
    text = text_of(call.revision, using) if using is not None else None
    if using is None or text is None:
        return using is None
    read = words(text)
    column = text_of(call.revision, call.needed("column_name"))
    return len(read) > 3 and value(read[0].text) == column and read[1].says(":") and read[2].says(":")


def _makes_more(call: Call) -> bool:
    """Whether more than a table or a column is made, which the guard would not cover."""
    return any(_is_more(node) for node in _within(call.node))


def _is_more(node: cst.CSTNode) -> bool:
    match node:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name)) | cst.Name(value=name)):
            return name.upper() in {"ENUM", "DOMAIN", "SEQUENCE"}
        case cst.Arg(keyword=cst.Name(value="index"), value=cst.Name(value="True")):
            return True
    return False


def _within(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _within(child)


def _does_nothing(step: Step) -> bool:
    """Whether a statement is a docstring, `pass`, or a name for what is only read."""
    match step.node:
        case (
            cst.SimpleStatementLine(body=[cst.Pass()])
            | cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString())])
        ):
            return True
        case cst.SimpleStatementLine(body=[cst.Assign(value=value)]):
            return all(_is_harmless(node) for node in _within(value) if isinstance(node, cst.Call))
    return False


def _is_harmless(call: cst.Call) -> bool:
    match call.func:
        case cst.Attribute(attr=cst.Name(value=name)) | cst.Name(value=name):
            # What builds an expression of SQLAlchemy is spelled with a capital: sa.Column, sa.String.
            return name in _HARMLESS or name[:1].isupper()
    return False


def _name(call: Call, place: int) -> str:
    """The name of an index or a constraint; its source where it is no plain text."""
    name = call.argument(("index_name", "constraint_name")[not call.operation.endswith("_index")])
    if name is None or call.revision.code(name) == "None":
        raise CannotRewrite(f"the {call.operation}() beside it has no name, so a second run cannot find what it made")
    return text_of(call.revision, name) or call.revision.code(name)


def _stops(revision: Revision, step: Step, why: str) -> CannotRewrite:
    where = f"line {step.lines.start}" if step.lines else "a statement"
    source = " ".join(revision.code(with_leading(step, ()).node).split()).replace("( ", "(")
    shown = source if len(source) <= 60 else f"{source[:59]}…"
    return CannotRewrite(
        f"{where}, {shown}, would be committed before it and {why}, so a run that failed could not be repeated: "
        'move one of the two into a revision of its own, inv migrate.new --empty -m "…"'
    )
