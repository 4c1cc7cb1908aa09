"""What a SQLAlchemy type is called in SQL, read from its spelling; nothing of the file is run."""

from __future__ import annotations

import ast

__all__ = ["sql_type"]


def sql_type(source: str, file: str) -> str | None:
    """Give a type's name in SQL.

    Args:
        source: the expression, as in `sa.String(20)` or `postgresql.UUID()`.
        file: the text of the file, whose imports say what `sa` is.

    Returns:
        The name, as in `VARCHAR(20)`; `None` where only running it would tell.
    """
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.types import TypeEngine

    try:
        made = _made(ast.parse(source, mode="eval").body, _imports(file))
        if isinstance(made, type) and issubclass(made, TypeEngine):
            made = made()
        return made.compile(dialect=postgresql.dialect()) if isinstance(made, TypeEngine) else None  # type: ignore[no-untyped-call]
    except (SQLAlchemyError, ValueError, TypeError, AttributeError, NotImplementedError):
        return None


def _imports(file: str) -> dict[str, tuple[str, str]]:
    """Each name that the file takes from SQLAlchemy: the module, and what of it (nothing: the module itself)."""
    found: dict[str, tuple[str, str]] = {}
    for node in ast.parse(file).body:
        match node:
            case ast.Import(names=names):
                for name in names:
                    if name.name.split(".")[0] == "sqlalchemy":
                        local = name.asname or name.name.split(".")[0]
                        found[local] = (name.name if name.asname else "sqlalchemy", "")
            case ast.ImportFrom(module=str() as module, names=names) if module.split(".")[0] == "sqlalchemy":
                found |= {name.asname or name.name: (module, name.name) for name in names}
    return found


def _made(node: ast.expr, imports: dict[str, tuple[str, str]]) -> object:
    match node:
        case ast.Name(id=name) if name in imports:
            return _imported(*imports[name])
        case ast.Attribute(value=inner, attr=name):
            return getattr(_made(inner, imports), name)
        case ast.Call(func=func, args=args, keywords=keywords) if all(one.arg for one in keywords):
            called = _made(func, imports)
            # Only a type is made: any other call could do anything.
            if not isinstance(called, type) or not called.__module__.startswith("sqlalchemy."):
                raise ValueError(node)
            given = {one.arg: _made(one.value, imports) for one in keywords if one.arg}
            return called(*(_made(arg, imports) for arg in args), **given)
    return ast.literal_eval(node)


def _imported(module: str, name: str) -> object:
    import importlib

    found = importlib.import_module(module)
    if not name:
        return found
    return getattr(found, name) if hasattr(found, name) else importlib.import_module(f"{module}.{name}")
