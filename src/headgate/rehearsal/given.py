"""Rows that the project gives for a table: statements in an SQL file, or from a function of its own.

`[tool.headgate.given]` names for a table either a file, `"tests/rows/orders.sql"`, or a function,
`"tests.rows:orders"`. The function takes nothing and gives SQL statements; it is called in the process that runs the
migrations, because it is the project's code.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.errors import HeadgateError

if TYPE_CHECKING:
    from headgate.rehearsal.model import Fill

__all__ = ["add", "statements"]


def add(fill: Fill, given: Mapping[str, str], root: Path) -> Fill:
    """Give a filling with the project's own rows.

    Args:
        fill: the filling.
        given: for each table, by its SQL name, a file below the root or a function as `package.module:function`.
        root: the folder that files are relative to.

    Raises:
        HeadgateError: a file cannot be read.
    """
    texts: dict[str, tuple[str, ...]] = {}
    factories: dict[str, str] = {}
    for table, source in given.items():
        if _is_function(source):
            factories[table] = source
            continue
        try:
            texts[table] = ((root / source).read_text(encoding="utf-8"),)
        except (OSError, UnicodeDecodeError) as error:
            raise HeadgateError(
                f"The rows given for {table} cannot be read from {source}: {error}.",
                "Name an SQL file, relative to the settings, or a function as package.module:function.",
            ) from error
    return replace(fill, given=texts, factories=factories)


def statements(fill: Fill) -> Mapping[str, tuple[str, ...]]:
    """Give the project's own statements for each table; its functions are called.

    Args:
        fill: the filling.

    Raises:
        HeadgateError: a function is not there, raises, or gives something else than SQL statements.
    """
    return {**fill.given, **{table: _made(table, source) for table, source in fill.factories.items()}}


def _made(table: str, source: str) -> tuple[str, ...]:
    module, _, name = source.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)()
    except Exception as error:
        raise HeadgateError(
            f"The rows given for {table} cannot be made: {source} raised {type(error).__name__}:"
            f" {' '.join(str(error).split())}",
            "Name a function that takes nothing and gives SQL statements.",
        ) from error
    found = [made] if isinstance(made, str) else list(made) if isinstance(made, Iterable) else [made]
    if not all(isinstance(one, str) for one in found):
        raise HeadgateError(
            f"The rows given for {table} cannot be used: {source} gives something else than SQL statements.",
            "Have it return a list of texts, each one statement.",
        )
    return tuple(found)


def _is_function(source: str) -> bool:
    module, colon, name = source.partition(":")
    return bool(colon) and name.isidentifier() and all(part.isidentifier() for part in module.split("."))
