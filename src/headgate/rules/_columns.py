"""The columns that a revision added, by statement, for rules about their types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from headgate.report.model import Finding
from headgate.rules._change import new_columns
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.rehearsal.trace import Statement

__all__ = ["typed"]


def typed(
    rule: Rule, evidence: Evidence, test: Callable[[str], bool], *, called: str, message: str, fix: str
) -> Iterator[Finding]:
    """Give a rule's findings about new columns of a type, one for each statement.

    Args:
        rule: the rule.
        evidence: what running the revision showed.
        test: is given a column's type, as the catalog names it.
        called: the type's name.
        message: what is said of the columns.
        fix: what to write instead.
    """
    found: dict[int, tuple[Statement, list[str]]] = {}
    for statement, name, its in new_columns(evidence):
        if test(str(its.get("type"))):
            found.setdefault(statement.number, (statement, []))[1].append(name)
    for statement, names in found.values():
        columns = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        yield rule.finding(
            evidence,
            statement,
            f"{columns} {message}",
            seen=(f"PostgreSQL {evidence.run.server}: the catalog says {called}",),
            fix=(fix,),
        )
