"""What a rewriting is asked to do, and what became of it; reading this costs nothing, so that rules may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["FIXABLE", "Applied", "CannotRewrite", "Refused", "Rewritten", "Wanted"]

FIXABLE: Mapping[str, str] = {
    "lock-timeout": "timeouts.limit",
    "type-change-cast": "columns.cast",
    "required-column": "columns.require",
    "set-not-null": "columns.set_not_null",
    "fk-not-valid": "constraints.foreign_key",
    "check-not-valid": "constraints.check",
    "not-valid-same-tx": "constraints.validate",
    "unique-build": "keys.unique",
    "pk-build": "keys.primary_key",
    "index-not-concurrent": "indexes.create",
    "index-under-lock": "indexes.create",
    "reindex-not-concurrent": "indexes.create",
    "concurrently-in-tx": "indexes.create",
    "index-drop-not-concurrent": "indexes.drop",
    "precondition": "preconditions.declare",
}
"""A rule's name to the module and the function of this package that write its safe form."""


@dataclass(frozen=True)
class Wanted:
    """A finding whose safe form is to be written.

    Args:
        rule: the rule's name, one of `FIXABLE`.
        line: the line of the call in the file as it is given, counted from 1.
        data: what only the server knows. `constraint` is the name that a constraint got where a naming convention
            changed it; `not_null` names the columns that are NOT NULL, with commas between them; `type` is the new
            type in SQL. For `precondition` it is each name with its query.
    """

    rule: str
    line: int
    data: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Applied:
    """A safe form that was written."""

    rule: str
    line: int


@dataclass(frozen=True)
class Refused:
    """A safe form that could not be written, and why; the reason ends with what to do instead."""

    rule: str
    line: int
    why: str


@dataclass(frozen=True)
class Rewritten:
    """The file after the rewriting.

    Args:
        source: its text; the same text when nothing was applied.
        applied: what was written.
        refused: what was not, each with the reason.
    """

    source: str
    applied: tuple[Applied, ...]
    refused: tuple[Refused, ...]


class CannotRewrite(Exception):
    """There is no safe form that could be written here; its text says why, and what to do."""
