"""The operations that would undo an upgrade, written with the user's own names, for the text of a finding."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator

__all__ = ["inverse"]

_CONSTRAINTS = {
    "create_unique_constraint": "unique",
    "create_foreign_key": "foreignkey",
    "create_check_constraint": "check",
    "create_primary_key": "primary",
}


def inverse(upgrade: ast.FunctionDef) -> Iterator[str]:
    """Give the statements that undo an upgrade, last operation first.

    Args:
        upgrade: the function. What cannot be undone from its text alone becomes a comment that names it.
    """
    for statement in reversed(upgrade.body):
        yield from _undo(statement)


def _undo(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return
        case ast.With(body=body):
            for inner in reversed(body):
                yield from _undo(inner)
            return
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=operation), args=args, keywords=keywords)):
            names = [_text(argument) for argument in args]
            given = {keyword.arg: _text(keyword.value) for keyword in keywords}
            if undone := _call(operation, names, args, given):
                yield undone
                return
    yield f"# undo: {ast.unparse(statement).splitlines()[0]}"


def _call(operation: str, names: list[str], args: list[ast.expr], given: dict[str | None, str]) -> str | None:
    match operation, names:
        case "create_table", [table, *_]:
            return f"op.drop_table({table})"
        case "add_column", [table, *_] if column := _column(args):
            return f"op.drop_column({table}, {column})"
        case "create_index", [index, table, *_]:
            return f"op.drop_index({index}, table_name={table})"
        case "rename_table", [old, new, *_]:
            return f"op.rename_table({new}, {old})"
        case "alter_column", [table, column, *_] if "new_column_name" in given:
            return f"op.alter_column({table}, {given['new_column_name']}, new_column_name={column})"
        case "create_exclude_constraint", [name, table, *_]:
            return f"op.drop_constraint({name}, {table})"
        case _, [name, table, *_] if operation in _CONSTRAINTS:
            return f"op.drop_constraint({name}, {table}, type_={json.dumps(_CONSTRAINTS[operation])})"
    return None


def _column(args: list[ast.expr]) -> str | None:
    match args:
        case [_, ast.Call(args=[ast.Constant(value=str()) as name, *_]), *_]:
            return _text(name)
    return None


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str() as value):
            return json.dumps(value, ensure_ascii=False)
    return ast.unparse(node)
