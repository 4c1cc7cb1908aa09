"""What is known of a revision that passed on ordinary rows, when it is to run on awkward ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.catalog import Catalog, Difference
from headgate.catalog.words import definition_of
from headgate.rehearsal.fitting import Binding
from headgate.revisions.file import Precondition

if TYPE_CHECKING:
    from headgate.catalog.model import Attributes, Key
    from headgate.project import Project
    from headgate.rehearsal.rollback import Proof
    from headgate.rehearsal.trace import Trace

__all__ = ["Turn", "turn_of"]


@dataclass(frozen=True)
class Turn:
    """One revision.

    Args:
        path: its file.
        line: the line of its `upgrade`.
        before: the catalog before it.
        after: the catalog after it, with the constraints that it dropped again itself.
        statements: what it sent: the SQL, the line, and what that changed in the catalog.
        leaves_half: whether it commits on its way, so that a failure leaves half of it.
        declared: the preconditions that it declares.
        meets_rows: whether other rows could make a difference to it, or to what it declares.
        fit: what binds the tables while they are filled with ordinary rows.
    """

    path: str
    line: int
    before: Catalog
    after: Catalog
    statements: tuple[tuple[str, int, tuple[Difference, ...]], ...]
    leaves_half: bool
    declared: tuple[Precondition, ...]
    meets_rows: bool
    fit: tuple[Binding, ...]


def turn_of(project: Project, proof: Proof) -> Turn | None:
    """Give what is known of a revision.

    Args:
        project: the Alembic project.
        proof: what running it on ordinary rows showed.

    Returns:
        `None` for one that did not pass.
    """
    up = proof.up
    if up.failure or up.trace is None or up.before is None or up.after is None:
        return None
    file = project.revisions[proof.revision]
    function = file.function("upgrade")
    return Turn(
        str(file.path.resolve()),
        function.lineno if function else 1,
        up.before,
        Catalog({**dict(_added(up.trace)), **up.after.objects}),
        tuple((one.sql.strip(), one.line, one.made) for one in up.trace.statements),
        up.trace.committed_before_end or any(one.transaction is None for one in up.trace.statements),
        file.declared,
        bool(up.not_filled or file.declared) or _meets_rows(up.trace),
        proof.fit,
    )


def _added(trace: Trace) -> Iterator[tuple[Key, Attributes]]:
    """The constraints that statements added, as they were told: a check for SET NOT NULL is dropped in the end."""
    for one in (made for statement in trace.statements for made in statement.made):
        if one.change == "added" and one.kind.endswith((" constraint", " key")):
            table = one.name.rpartition(" on ")[2]
            yield (one.kind, one.name), {"of": table, "definition": definition_of(str(one.after))}


def _meets_rows(trace: Trace) -> bool:
    """Whether a statement read or wrote a row of a table that was there before, or built something from its rows."""
    worked = {
        relation
        for one in trace.statements
        for relation in (
            *(work.relation for work in one.work),
            *one.rewritten,
            *one.truncated,
            *(table for _, table in one.built),
        )
    }
    return not worked.isdisjoint(trace.rows) or any(one.reindexed for one in trace.statements)
