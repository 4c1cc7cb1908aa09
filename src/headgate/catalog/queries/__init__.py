"""The queries over `pg_catalog`, one module for each family of objects.

Each query returns a row for each object: `kind`, `name`, one column for each attribute, null where the attribute has
its default. Three columns are not compared themselves: `of` names the object that this one is a part of,
`inherited_from` the same part of its parent tables, `local` says that the part would stay if the parents were gone.

Every query hangs on the common table expressions of `relations.py`; a picture of a few objects needs only narrower
ones.
"""

from __future__ import annotations

from headgate.catalog.queries import constraints, misc, programs, relations, types

__all__ = ["families"]


def families(major: int) -> tuple[str, ...]:
    """Every query, for a server of this major version."""
    return (
        *relations.queries(major),
        *constraints.queries(major),
        *types.queries(major),
        *programs.queries(major),
        *misc.queries(major),
    )
