"""What the report keeps of a rehearsal: each judged revision, and each statement that it sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from headgate.report.evidence import JudgedRevision, TracedStatement, judged, statement_rows

if TYPE_CHECKING:
    from headgate.project import Project
    from headgate.rehearsal.evidence import Rehearsed

__all__ = ["revisions", "statements"]


def revisions(project: Project, change: Iterable[Rehearsed]) -> tuple[JudgedRevision, ...]:
    """Give every revision that was to be judged; one that did not run has no tables.

    Args:
        project: the Alembic project.
        change: what rehearsing them showed.
    """
    seen = {one.revision: one for one in change}
    paths = {id_: project.shown(project.revisions[id_].path) for id_ in project.new}
    return tuple(
        judged(id_, path, seen[id_].up, seen[id_].not_filled) if id_ in seen else judged(id_, path)
        for id_, path in paths.items()
    )


def statements(project: Project, change: Iterable[Rehearsed]) -> tuple[TracedStatement, ...]:
    """Give the statements of every upgrade and downgrade, in order; the arguments are those of `revisions`."""
    return tuple(
        row
        for one in change
        for trace in (one.up, one.down)
        if trace
        for row in statement_rows(trace, project.shown(project.revisions[one.revision].path))
    )
