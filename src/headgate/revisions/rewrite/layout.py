"""New statements and new arguments, laid out as the file around them is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from headgate.revisions.rewrite.calls import Call
from headgate.revisions.rewrite.steps import Revision, Step

__all__ = [
    "block",
    "execute",
    "literal",
    "with_argument",
    "with_call",
    "with_value",
    "without_argument",
    "written",
]

_SPACE = cst.SimpleWhitespace(" ")
_CLOSED = cst.ParenthesizedWhitespace(indent=True)


def literal(text: str) -> str:
    """Give a text as Python source, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def written(revision: Revision, operation: str, *arguments: str, depth: int = 1) -> Step:
    """Give a call of an operation, over several lines where one is too short.

    Args:
        revision: the file.
        operation: its name, as in `drop_index`.
        arguments: their sources.
        depth: how deep it will be indented.
    """
    return fitted(revision, _statement(revision, f"{revision.op}.{operation}({', '.join(arguments)})"), depth)


def execute(revision: Revision, sql: str, *, depth: int = 1) -> Step:
    """Give a call that sends SQL as it is."""
    return written(revision, "execute", literal(sql), depth=depth)


def block(revision: Revision, inside: Sequence[Step]) -> Step:
    """Give an autocommit block; see https://alembic.sqlalchemy.org/en/latest/api/runtime.html."""
    made = _statement(
        revision, f"with {revision.op}.get_context().autocommit_block():\n{revision.module.default_indent}pass\n"
    )
    return replace(made, kind="autocommit", inside=list(inside))


def with_call(step: Step, call: cst.Call) -> Step:
    """Give a step that makes another call, with everything around the call as it was."""
    assert isinstance(step.node, cst.SimpleStatementLine)
    (small,) = step.node.body
    return replace(step, node=step.node.with_changes(body=[small.with_changes(value=call)]))


def with_value(call: Call, name: str, source: str) -> cst.Call:
    """Give a call with one more argument, or another value for one that it has; its lines are not made anew."""
    value = cst.parse_expression(source, config=call.revision.module.config_for_parsing)
    args = list(call.node.args)
    for index, arg in enumerate(args):
        if arg.keyword and arg.keyword.value == name:
            args[index] = arg.with_changes(value=value)
            return call.node.with_changes(args=args)
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    added = cst.Arg(value=value, keyword=cst.Name(name), equal=equal)
    joined = _joined(call.node, args[-1], added) if args else (added,)
    return call.node.with_changes(args=[*args[:-1], *joined])


def with_argument(step: Step, call: Call, name: str, source: str, *, depth: int = 1) -> Step:
    """Give a step whose call has one more argument, or another value for one that it has.

    Args:
        step: the step.
        call: its call.
        name: the keyword.
        source: its value.
        depth: how deep it will be indented.
    """
    return fitted(call.revision, with_call(step, with_value(call, name, source)), depth)


def fitted(revision: Revision, step: Step, depth: int) -> Step:
    """Give a call on one line in the lines that it needs; one that has lines of its own keeps them."""
    assert isinstance(step.node, cst.SimpleStatementLine)
    (small,) = step.node.body
    source = revision.code(small)
    if "\n" in source or _fits(revision, source, depth):
        return step
    assert isinstance(small, cst.Expr | cst.Assign)
    call = small.value
    assert isinstance(call, cst.Call)
    inside = ", ".join(revision.code(arg.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for arg in call.args)
    return with_call(
        step, (_opened if _fits(revision, inside, depth + 1) else _exploded)(call, revision.module.default_indent)
    )


def without_argument(step: Step, call: Call, name: str) -> Step:
    """Give a step whose call lacks an argument."""
    args = [arg for arg in call.node.args if not (arg.keyword and arg.keyword.value == name)]
    if args and args[-1] is not call.node.args[-1]:
        end = call.node.args[-1]
        args[-1] = args[-1].with_changes(comma=end.comma, whitespace_after_arg=end.whitespace_after_arg)
    return with_call(step, call.node.with_changes(args=args))


def _statement(revision: Revision, source: str) -> Step:
    return Step(cst.parse_statement(source, config=revision.module.config_for_parsing), receiver=revision.op)


def _joined(call: cst.Call, last: cst.Arg, added: cst.Arg) -> tuple[cst.Arg, cst.Arg]:
    """The last argument and the new one, on lines as the others have them."""
    opened = call.whitespace_before_args
    own_line = opened if isinstance(opened, cst.ParenthesizedWhitespace) else None
    indent = own_line.last_line if own_line else cst.SimpleWhitespace("    ")
    if isinstance(last.comma, cst.Comma):
        ending = last.comma.whitespace_after
        if not isinstance(ending, cst.ParenthesizedWhitespace):
            comma = cst.Comma(whitespace_after=_SPACE)
            return last.with_changes(comma=comma), added
        # Several arguments on the one line inside the parentheses keep to it, unless each has a line.
        between = ending.with_changes(last_line=indent)
        closing = cst.ParenthesizedWhitespace(indent=ending.indent, last_line=ending.last_line)
        return (
            last.with_changes(comma=cst.Comma(whitespace_after=between)),
            added.with_changes(comma=cst.Comma(whitespace_after=closing)),
        )
    ending = last.whitespace_after_arg
    if isinstance(ending, cst.ParenthesizedWhitespace):
        remarked = bool(ending.first_line.comment or ending.empty_lines)
        comma = cst.Comma(whitespace_after=ending.with_changes(last_line=indent) if remarked else _SPACE)
        closing = cst.ParenthesizedWhitespace(indent=ending.indent, last_line=ending.last_line)
        return (
            last.with_changes(comma=comma, whitespace_after_arg=cst.SimpleWhitespace("")),
            added.with_changes(whitespace_after_arg=closing),
        )
    comma = cst.Comma(whitespace_after=_SPACE)
    return last.with_changes(comma=comma), added


def _fits(revision: Revision, source: str, depth: int) -> bool:
    return len(revision.module.default_indent) * depth + len(source) <= revision.width


def _opened(call: cst.Call, indent: str) -> cst.Call:
    """The call with its arguments on a line of their own, as formatters lay out what does not fit on one."""
    args = [*call.args[:-1], call.args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=_CLOSED)]
    return call.with_changes(whitespace_before_args=_indented(indent), args=args)


def _exploded(call: cst.Call, indent: str) -> cst.Call:
    """The call with each argument on a line of its own."""
    args = [arg.with_changes(comma=cst.Comma(whitespace_after=_indented(indent))) for arg in call.args[:-1]]
    args.append(call.args[-1].with_changes(comma=cst.Comma(whitespace_after=_CLOSED)))
    return call.with_changes(whitespace_before_args=_indented(indent), args=args)


def _indented(indent: str) -> cst.ParenthesizedWhitespace:
    return cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(indent))
