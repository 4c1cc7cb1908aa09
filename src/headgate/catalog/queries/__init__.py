"""The queries over `pg_catalog`, one module for each family of objects.

Each query returns a row for each object: `kind`, `name`, one column for each attribute, null where the attribute has
its default. Four columns are not compared themselves: `of` names the object that this one is a part of,
`inherited_from` the same part of its parent tables, `local` says that the part would stay if the parents were gone,
`reads` names the columns that a check is about.

Every query hangs on the common table expressions of `relations.py`; a picture of a few objects needs only narrower
ones.
"""

from __future__ import annotations

from headgate.catalog.queries import constraints, misc, programs, relations, types

__all__ = ["KINDS", "READS", "families", "named"]

KINDS = {
    "tables": frozenset({"table", "foreign table", "view", "materialized view"}),
    "columns": frozenset({"column", "attribute"}),
    "sequences": frozenset({"sequence"}),
    "constraints": frozenset(
        {"primary key", "unique constraint", "check constraint", "foreign key", "exclusion constraint"}
    ),
    "indexes": frozenset({"index"}),
    "statistics": frozenset({"statistics"}),
    "types": frozenset({"enum", "domain", "composite type", "range type", "base type"}),
    "routines": frozenset({"function", "procedure", "aggregate"}),
    "triggers": frozenset({"trigger"}),
    "event triggers": frozenset({"event trigger"}),
    "rules": frozenset({"rule"}),
    "policies": frozenset({"policy"}),
}
"""The kinds of object in each family that can be read on its own."""


def families(major: int) -> tuple[str, ...]:
    """Every query, for a server of this major version."""
    return (
        *relations.queries(major),
        *constraints.queries(major),
        *types.queries(major),
        *programs.queries(major),
        *misc.queries(major),
    )


def named(major: int) -> dict[str, str]:
    """Every query by the name of its family, for a server of this major version."""
    return dict(zip([*KINDS, *misc.READS], families(major), strict=True))


READS = {
    "types": ("pg_type",),
    "routines": ("pg_proc",),
    "event triggers": ("pg_event_trigger",),
    **misc.READS,
}
"""The catalogs without whose rows a family is empty, for those families that often are; as in `marks.OTHERS`."""
