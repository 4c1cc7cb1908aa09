"""Pieces of expressions, as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator

__all__ = ["pieces", "returned"]


def returned(body: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """Give what a function returns, wherever it does."""
    return (node.value for node in ast.walk(body) if isinstance(node, ast.Return) and node.value is not None)


def pieces(node: ast.expr) -> Iterator[str | ast.expr]:
    """Give a text that is put together as its pieces: fixed texts, and the expressions between them."""
    match node:
        case ast.JoinedStr(values=values):
            for value in values:
                yield from pieces(value)
        case ast.FormattedValue(value=value):
            yield value
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from pieces(left)
            yield from pieces(right)
        case ast.Constant(value=str(value)):
            yield value
        case _:
            yield node
