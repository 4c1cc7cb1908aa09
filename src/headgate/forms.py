"""What a setting that is not a text looks like in the file, and whether a value is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["FORMS", "MOST_ROWS", "MOST_SECONDS"]

MOST_ROWS = 1_000_000
MOST_SECONDS = 86_400


def _is_table(given: object) -> bool:
    return isinstance(given, dict)


def _is_texts(given: object) -> bool:
    return isinstance(given, list) and all(isinstance(text, str) for text in given)


FORMS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "backend": ("a table, [tool.headgate.backend]", _is_table),
    "docs": ("a table, [tool.headgate.docs]", _is_table),
    "prepare": ("a table, [tool.headgate.prepare]", _is_table),
    "variables": (
        'a table of texts, as in {SECRET_KEY = "x"}',
        lambda given: _is_table(given) and _is_texts([*given.values()]),
    ),
    "command": ('a list of words, as in ["python", "-m", "app.create_all"]', _is_texts),
    "x": ('a list of texts, as in ["tenant=a"]', _is_texts),
    "extensions": ('a list of names, as in ["citext"]', _is_texts),
    "versions": ('a list of folders, as in ["app/versions"]', _is_texts),
    "heads": ('a list of ids or labels, as in ["main"]', _is_texts),
    "severities": ("a table, [tool.headgate.severities]", _is_table),
    "given": ("a table, [tool.headgate.given]", _is_table),
    "timeout": ("a number of seconds, as in 60", lambda given: type(given) is int and 0 < given <= MOST_SECONDS),
    "pages": ('a list of texts, as in ["README.md", "docs"]', _is_texts),
    "rows": ("a number of rows, as in 1000", lambda given: type(given) is int and 0 < given <= MOST_ROWS),
    "postgres": (
        "a number, as in 18",
        lambda given: isinstance(given, (int, str)) and not isinstance(given, bool),
    ),
}
