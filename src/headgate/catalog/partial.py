"""Read again only those families of a schema that a statement can have changed.

PostgreSQL counts what a session writes to each of its own catalogs as it does for any table, DO blocks and functions
included. So what a statement cannot have changed need not be read: a catalog that it did not write is as it was.
https://www.postgresql.org/docs/current/monitoring-stats.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from headgate.catalog.difference import Difference
from headgate.catalog.model import Catalog
from headgate.catalog.queries import KINDS

__all__ = ["COUNTED", "Writes", "changed", "keeps_to_its_locks", "renames", "spliced", "written"]

Writes = Mapping[str, tuple[int, int, int]]
"""The rows inserted, updated and deleted in each of PostgreSQL's own catalogs; those without any are missing."""

_WRITTEN = ", ".join(f"pg_stat_get_xact_tuples_{what}(c.oid)" for what in ("inserted", "updated", "deleted"))
COUNTED = f"""SELECT c.relname, {_WRITTEN}
FROM pg_class c WHERE c.relnamespace = 11 AND c.relkind = 'r' AND greatest({_WRITTEN}) > 0"""
"""The statement that reads `Writes`; 11 is pg_catalog, whose number is fixed."""

# What no snapshot shows by itself: pg_depend and pg_shdepend are written beside whatever else changes.
_NOT_SHOWN = frozenset(
    {
        *("pg_depend", "pg_shdepend", "pg_statistic", "pg_statistic_ext_data", "pg_init_privs", "pg_largeobject"),
        *("pg_largeobject_metadata", "pg_db_role_setting", "pg_seclabel", "pg_shseclabel", "pg_subscription_rel"),
    }
)
# The families whose queries read a catalog. A name that others quote is dealt with apart, see `renames`. Of a catalog
# that is missing here everything is read again.
_READ_BY: Mapping[str, tuple[str, ...]] = {
    "pg_aggregate": ("routines",),
    "pg_attrdef": ("columns",),
    "pg_attribute": ("columns",),
    "pg_class": ("tables", "sequences", "constraints", "indexes"),
    "pg_constraint": ("columns", "constraints", "indexes"),
    "pg_enum": ("types",),
    "pg_event_trigger": ("event triggers",),
    "pg_foreign_table": ("tables",),
    "pg_index": ("constraints", "indexes"),
    "pg_inherits": ("tables", "columns", "constraints", "indexes"),
    "pg_partitioned_table": ("tables",),
    "pg_policy": ("policies",),
    "pg_proc": ("routines",),
    "pg_range": ("types",),
    "pg_rewrite": ("tables", "columns", "rules"),
    "pg_sequence": ("columns", "sequences"),
    "pg_statistic_ext": ("statistics",),
    "pg_trigger": ("triggers",),
    "pg_type": ("types",),
}
# These lock every relation that they change, and they are what most revisions are made of.
_LOCKING = frozenset(
    {
        *("ALTER INDEX", "ALTER TABLE", "CREATE INDEX", "CREATE TABLE", "CREATE TABLE AS", "CREATE TRIGGER"),
        *("DROP INDEX", "DROP TABLE", "DROP TRIGGER", "SELECT INTO", "TRUNCATE TABLE"),
    }
)
# The kinds that belong to a relation, and those of them that are one themselves.
_BY_NAME = KINDS["tables"] | KINDS["sequences"]
_BOUND = _BY_NAME.union(
    *(KINDS[name] for name in ("columns", "constraints", "indexes", "statistics", "triggers", "rules", "policies"))
)

# An index brings rows of pg_class and pg_attribute that only its own query reads.
_OF_INDEXES = frozenset({"pg_attribute", "pg_class", "pg_index"})

# Other objects' definitions quote these by name, with no row of their own written when the name changes.
_QUOTED = frozenset().union(*(KINDS[name] for name in ("tables", "columns", "sequences", "types", "routines")))


def written(before: Writes, after: Writes) -> Writes:
    """Give what was written between two counts of one session."""
    found = {}
    for catalog, counts in after.items():
        earlier = before.get(catalog, (0, 0, 0))
        if counts != earlier:
            found[catalog] = counts[0] - earlier[0], counts[1] - earlier[1], counts[2] - earlier[2]
    return found


def changed(writes: Writes, locked: Collection[str] | None = None) -> frozenset[str] | None:
    """Give the families to read again; none when the schema is as it was, `None` for everything.

    Args:
        writes: what was written.
        locked: the kinds of the relations that are locked, where none was changed without; `None` where one may be.
    """
    if not writes:
        return frozenset()
    shown = {catalog: counts for catalog, counts in writes.items() if catalog not in _NOT_SHOWN}
    if not shown:
        # ALTER SEQUENCE ... OWNED BY and ALTER EXTENSION ... ADD write nothing but pg_depend.
        return None if "pg_depend" in writes else frozenset()
    if _only_new_indexes(shown):
        return frozenset({"indexes"})
    found: set[str] = set()
    for catalog, (_, updated, _) in shown.items():
        if catalog not in _READ_BY:
            return None
        found.update(_READ_BY[catalog])
        if updated and catalog == "pg_attribute":
            found.add("indexes")  # the statistics targets of their columns
        if updated and catalog == "pg_index":
            found.add("tables")  # the replica identity, and what the table is clustered on
    if locked is not None:
        # pg_class holds them all, and the row that was written is that of another relation.
        if "sequence" not in locked and "pg_sequence" not in shown:
            found.discard("sequences")
        if "index" not in locked and "pg_index" not in shown:
            found.discard("indexes")
            if "pg_constraint" not in shown:
                found.discard("constraints")
    return frozenset(found)


def keeps_to_its_locks(tag: str) -> bool:
    """Whether a statement changes no relation, and no part of one, without a lock on it; GRANT for one takes none.

    Args:
        tag: the server's answer.
    """
    return tag in _LOCKING


def spliced(catalog: Catalog, part: Catalog, families: Iterable[str], names: Collection[str] | None = None) -> Catalog:
    """Put what was read again into a catalog, in place of what it has of that.

    Args:
        catalog: what was known.
        part: what was read.
        families: the families that were read.
        names: what the relations were called to which the reading was narrowed; `None` when it was not.
    """
    kinds = frozenset().union(*(KINDS[name] for name in families))
    objects = dict(part.objects)
    if names is None:
        kept = {key: attributes for key, attributes in catalog.objects.items() if key[0] not in kinds}
        return Catalog({**kept, **objects})
    read = {name for kind, name in objects if kind == "read"}.union(names)
    for name in read:
        objects.pop(("read", name), None)
    kept = {
        key: attributes
        for key, attributes in catalog.objects.items()
        if key[0] not in kinds
        or (key[0] in _BOUND and (key[1] if key[0] in _BY_NAME else attributes["of"]) not in read)
    }
    return Catalog({**kept, **objects})


def renames(differences: Iterable[Difference]) -> bool:
    """Whether something may have another name that objects of any family quote; then everything is to be read again."""
    changes = {difference.change for difference in differences if difference.kind in _QUOTED}
    return {"added", "removed"} <= changes


def _only_new_indexes(shown: Writes) -> bool:
    new = shown.get("pg_class", (0, 0, 0))
    return (
        shown.keys() <= _OF_INDEXES
        and new == shown.get("pg_index")
        and all(counts[1:] == (0, 0) for counts in shown.values())
    )
