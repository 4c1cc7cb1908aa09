"""What rehearsing one new revision showed: the evidence that rules read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.catalog import Catalog, Difference
    from headgate.rehearsal.contents import Contents, Loss
    from headgate.rehearsal.model import Failure
    from headgate.rehearsal.trace import Trace

__all__ = ["Asked", "Rehearsed", "Unmet"]


@dataclass(frozen=True)
class Unmet:
    """A failure that needs certain rows: the upgrade passes on ordinary ones, and stopped on these.

    Args:
        table: the SQL name of the table that holds them; empty where that is not known.
        what: the rows that it fails on, as in `users.email holds duplicates`.
        name: the precondition in a few words, as in `no duplicate users.email`.
        query: gives 0 where there are no such rows; `None` where none could be derived and shown to be right.
        broken: what it gave on the rows of the rehearsal.
        rows: how many rows the table had there.
        sqlstate: the code of the failure.
        error: what the server or Python said.
        line: the line of the revision.
        statement: the statement that failed; `COMMIT` for a deferred constraint.
        declared: the name under which the revision declares it; `None` when it does not.
        left: what the upgrade had committed by then and leaves in the schema, as in `+ index uq …, INVALID`.
    """

    table: str
    what: str
    name: str
    query: str | None
    broken: int
    rows: int
    sqlstate: str | None
    error: str
    line: int
    statement: str | None = None
    declared: str | None = None
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A precondition that a revision declares, asked on the rows of the rehearsal.

    Args:
        name: its name.
        query: the query that must give 0.
        line: the line on which it is declared.
        error: why it cannot be asked; `None` when it can.
    """

    name: str
    query: str
    line: int
    error: str | None = None


@dataclass(frozen=True)
class Rehearsed:
    """One new revision, run up and down with rows in the tables that were there before the change.

    Args:
        revision: its id.
        server: the version that ran it, as in `18.4`.
        up: the statements of its upgrade.
        down: those of its downgrade; `None` when the upgrade failed or the revision is irreversible.
        before: the catalog before the upgrade.
        after: the catalog after it.
        made: what the upgrade changed in the catalog.
        failure: why the upgrade stopped with rows in the tables.
        empty_too: whether it stops with empty tables as well.
        not_filled: the tables that could not be given rows, each with the reason; nothing is known of them.
        lost: what the tables held before the upgrade and do not hold after its downgrade.
        held: what the tables with rows held before the upgrade.
        holds: what those that it touched hold after it, by the names that they had before; nothing for a dropped one.
        unmet: the failures that need certain rows.
        asked: the preconditions that it declares.
    """

    revision: str
    server: str
    up: Trace
    down: Trace | None
    before: Catalog
    after: Catalog
    made: tuple[Difference, ...] = ()
    failure: Failure | None = None
    empty_too: bool = False
    not_filled: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[Loss, ...] = ()
    held: Contents = field(default_factory=dict)
    holds: Contents = field(default_factory=dict)
    unmet: tuple[Unmet, ...] = ()
    asked: tuple[Asked, ...] = ()
