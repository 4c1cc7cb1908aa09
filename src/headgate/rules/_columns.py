"""The columns that a revision added, by statement, for rules about their types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from headgate.rules._change import new_columns
from headgate.rules.rule import Evidence

if TYPE_CHECKING:
    from headgate.catalog.model import Value
    from headgate.rehearsal.trace import Statement

__all__ = ["told"]


def told(evidence: Evidence, test: Callable[[Mapping[str, Value]], bool]) -> Iterator[tuple[Statement, str]]:
    """Give each statement that added such columns, with their names as in `a.x, a.y and 3 more`.

    Args:
        evidence: what running the revision showed.
        test: is given a column's attributes.
    """
    found: dict[int, tuple[Statement, list[str]]] = {}
    for statement, name, its in new_columns(evidence):
        if test(its):
            found.setdefault(statement.number, (statement, []))[1].append(name)
    for statement, names in found.values():
        yield statement, ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
