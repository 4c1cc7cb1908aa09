"""How a revision puts a text together: of what is written in the file alone, or of values from elsewhere."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Scope", "glued", "parts", "scope_of"]

Values = Mapping[str, tuple["ast.expr | None", ...]]
"""What each name is given; `None` for a value that the file does not show (a parameter, an import, a row)."""

_TRIMMING = frozenset({"strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "lower", "upper"})


@dataclass(frozen=True)
class Scope:
    """The names that a piece of code can see, innermost first.

    Args:
        levels: the values of the function's own names, then of those around it, the module last.
    """

    levels: tuple[Values, ...] = field(default=())

    def values(self, name: str) -> tuple[ast.expr | None, ...]:
        """Everything that a name is given where it is bound innermost; empty for a name that nothing binds."""
        return next((level[name] for level in self.levels if name in level), ())


def scope_of(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, outer: Scope) -> Scope:
    """Give what can be seen inside a module or a function."""
    found: dict[str, list[ast.expr | None]] = {}
    if not isinstance(node, ast.Module):
        arguments = node.args
        every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
        found.update({argument.arg: [None] for argument in every if argument})
    body = node.body if isinstance(node.body, list) else [node.body]
    for name, value in _bindings(body):
        found.setdefault(name, []).append(value)
    return Scope(({name: tuple(values) for name, values in found.items()}, *outer.levels))


def glued(node: ast.expr, scope: Scope, *, follow: bool = True) -> ast.expr | None:
    """Give the expression that puts a value from elsewhere into a text, or `None` when there is none.

    Args:
        node: what is handed over as SQL.
        scope: what the code there can see.
        follow: whether a name is followed to what it was given.
    """
    match node:
        case ast.JoinedStr() | ast.BinOp(op=ast.Mod() | ast.Add()) if _is_text(node):
            return None if _fixed(node, scope) else node
        case ast.Call(func=ast.Attribute(value=base, attr="format")) if _is_text(base):
            return None if _fixed(node, scope) else node
        case ast.Call(func=ast.Attribute(value=base, attr=attribute)) if attribute in _TRIMMING:
            return glued(base, scope, follow=follow)
        case ast.Call(func=ast.Attribute(attr="dedent") | ast.Name(id="dedent"), args=[base, *_]):
            return glued(base, scope, follow=follow)
        case ast.IfExp(body=one, orelse=other):
            return glued(one, scope, follow=follow) or glued(other, scope, follow=follow)
        case ast.Name(id=name) if follow:
            found = (glued(value, scope, follow=False) for value in scope.values(name) if value is not None)
            return next(filter(None, found), None)
    return None


def parts(node: ast.expr) -> list[str | ast.expr] | None:
    """Take a glued text apart into its literal pieces and the expressions between them; `None` where that fails."""
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.JoinedStr(values=values):
            return [piece.value if isinstance(piece, ast.FormattedValue) else _literal(piece) for piece in values]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [piece for side in (left, right) for piece in (parts(side) or [side])]
        case ast.BinOp(left=ast.Constant(value=str() as text), op=ast.Mod(), right=right):
            given = right.elts if isinstance(right, ast.Tuple) else [right]
            pieces = text.split("%s")
            return _between(pieces, given) if "%" not in "".join(pieces) else None
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as text)), args=args, keywords=keywords):
            return _formatted(text, args, {keyword.arg: keyword.value for keyword in keywords})
    return None


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr() | ast.Constant(value=str()):
            return True
        case ast.BinOp(left=left, op=ast.Mod()):
            return _is_text(left)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_text(left) or _is_text(right)
        case ast.Call(func=ast.Attribute(value=base, attr="format")):
            return _is_text(base)
    return False


def _fixed(node: ast.expr | None, scope: Scope, seen: frozenset[str] = frozenset()) -> bool:
    """Whether the value is made of literals in this file alone, so that no run can change it."""
    every: Iterable[ast.expr | None]
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name) if name not in seen:
            seen, every = seen | {name}, scope.values(name) or (None,)
        case ast.JoinedStr(values=every) | ast.Tuple(elts=every) | ast.List(elts=every) | ast.Set(elts=every):
            pass
        case ast.FormattedValue(value=value, format_spec=spec):
            every = (value, spec) if spec else (value,)
        case ast.BinOp(left=left, right=right):
            every = (left, right)
        case ast.Dict(keys=keys, values=values):
            every = (*keys, *values)
        case ast.Call(func=ast.Attribute(value=base, attr="format" | "join"), args=args, keywords=keywords):
            every = (base, *args, *(keyword.value for keyword in keywords))
        case _:
            return False
    return all(_fixed(value, scope, seen) for value in every)


def _bindings(body: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr | None]]:
    """Every name that is bound in a body, with what it is given; functions inside it keep their names to themselves."""
    for node in body:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _given(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                yield from _given(target, value)
            case ast.AugAssign(target=target, op=operator, value=value):
                yield from _given(target, ast.BinOp(left=ast.Constant(value=""), op=operator, right=value))
            case ast.For(target=target, iter=iterated) | ast.comprehension(target=target, iter=iterated):
                elements = iterated.elts if isinstance(iterated, (ast.Tuple, ast.List, ast.Set)) else [None]
                for element in elements:
                    yield from _given(target, element, through=iterated)
            case ast.With(items=items):
                for item in items:
                    if item.optional_vars is not None:
                        yield from _given(item.optional_vars, None)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((alias.asname or alias.name.partition(".")[0], None) for alias in names)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, None
                continue
        yield from _bindings(ast.iter_child_nodes(node))


def _given(
    target: ast.expr, value: ast.expr | None, *, through: ast.expr | None = None
) -> Iterator[tuple[str, ast.expr | None]]:
    match target, value:
        case ast.Name(id=name), None if isinstance(through, ast.Name):
            yield name, through  # each element of a constant that is a tuple of literals is one itself
        case ast.Name(id=name), _:
            yield name, value
        case ((ast.Tuple(elts=targets) | ast.List(elts=targets)), (ast.Tuple(elts=values) | ast.List(elts=values))):
            for inner, part in zip(targets, values, strict=False):
                yield from _given(inner, part)
        case ((ast.Tuple(elts=targets) | ast.List(elts=targets)), _):
            for inner in targets:
                yield from _given(inner, None, through=through)


def _literal(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _between(pieces: list[str], given: list[ast.expr]) -> list[str | ast.expr] | None:
    if len(pieces) != len(given) + 1:
        return None
    woven: list[str | ast.expr] = [pieces[0]]
    for value, piece in zip(given, pieces[1:], strict=True):
        woven += [value, piece]
    return woven


def _formatted(text: str, args: list[ast.expr], keywords: Mapping[str | None, ast.expr]) -> list[str | ast.expr] | None:
    found: list[str | ast.expr] = []
    positions = iter(args)
    try:
        for literal, name, _, _ in string.Formatter().parse(text):
            found.append(literal)
            if name is not None:
                found.append(keywords[name] if name in keywords else args[int(name)] if name else next(positions))
    except (ValueError, IndexError, StopIteration):
        return None
    return found
