"""What a revision did to the values of enums that were there before the change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from headgate.rules._change import attributes, before
from headgate.rules.rule import Evidence

if TYPE_CHECKING:
    from headgate.catalog.model import Value
    from headgate.rehearsal.trace import Statement

__all__ = ["EnumChange", "enum_changes"]


class EnumChange(NamedTuple):
    """One enum whose values are others: the last statement that touched it, what it lacks and what it got."""

    statement: Statement
    name: str
    gone: tuple[str, ...]
    new: tuple[str, ...]
    was: tuple[str, ...]


def enum_changes(evidence: Evidence) -> Iterator[EnumChange]:
    """Give each enum that has other values after the revision, or after the statement where the revision failed."""
    last: dict[str, tuple[Statement, Value | None]] = {}
    for statement in evidence.run.up.statements:
        for one in statement.made:
            if one.kind == "enum" and one.change != "removed":
                last[one.name] = statement, one.after if one.attribute == "labels" else None
    for name, (statement, labels) in last.items():
        was = _labels(attributes(evidence.run.before, "enum", name).get("labels"))
        now = _labels(attributes(evidence.run.after, "enum", name).get("labels") or labels)
        if was and now and set(was) != set(now) and ("enum", name) in before(evidence).objects:
            gone = tuple(label for label in was if label not in now)
            yield EnumChange(statement, name, gone, tuple(label for label in now if label not in was), was)


def _labels(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
