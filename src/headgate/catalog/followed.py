"""Follow one database's schema: read it whole once, and then only what was changed since.

A picture of a whole schema takes the time of a hundred short statements, and a revision changes one table or two. So
each relation has a mark (`queries.marks`), and only those with another mark than before are read again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headgate.catalog.model import Catalog
from headgate.catalog.partial import spliced
from headgate.catalog.queries import KINDS, READS
from headgate.catalog.queries.marks import OTHERS, marks
from headgate.catalog.snapshot import statement

if TYPE_CHECKING:
    import psycopg

__all__ = ["Followed"]

# The families of what is a part of a relation; the later ones are seldom there at all.
_OF_RELATIONS = ("tables", "columns", "sequences", "constraints", "indexes")
_SELDOM = {
    "pg_policy": "policies",
    "pg_rewrite": "rules",
    "pg_statistic_ext": "statistics",
    "pg_trigger": "triggers",
}
# With more relations than this changed at once, a whole picture is as quick.
_MANY = 40
# Of the last marks only that they are there tells anything.
_COMPARED = len(_SELDOM) - len(OTHERS)


class Followed:
    """The schema of one database, as it is committed at each reading.

    Args:
        connection: one of headgate's own, in autocommit mode, to PostgreSQL 14 or later; a setting of it is changed.
        ignore: a table to leave out with all that belongs to it, as (schema, table), not quoted.
        known: the `state` of one that followed the database which this one is a copy of; what was changed since is
            read again, and everything where it is of another database.
    """

    def __init__(self, connection: psycopg.Connection[Any], ignore: tuple[str, str], known: str = "") -> None:
        self._connection, self._ignore = connection, ignore
        self._major = connection.info.server_version // 10000
        # Planning what is read takes longer than reading it. It need not be planned anew for other relations.
        connection.execute("SET plan_cache_mode = force_generic_plan")
        self._marks: Mapping[int, int] = {}
        self._names: dict[int, str] = {}
        self._catalog: Catalog | None = None
        if known:
            marked, names, objects = json.loads(known)
            self._marks = {int(key): mark for key, mark in marked.items()}
            self._names = {int(oid): name for oid, name in names.items()}
            self._catalog = Catalog.from_json(objects)

    @property
    def state(self) -> str:
        """What is known, for a copy of the database. A copy has the same rows in the same places."""
        return json.dumps([self._marks, self._names, self._catalog.to_json()]) if self._catalog else ""

    def holds(self, connection: object, ignore: tuple[str, str]) -> bool:
        """Whether it follows this connection's database, without this table."""
        return self._connection is connection and self._ignore == ignore

    def read(self) -> Catalog:
        """Give the schema as it is now; the same object again when nothing was changed.

        Raises:
            psycopg.Error: it cannot be read.
        """
        # The marks first: what is committed in between is read now, and once more the next time.
        found = self._execute(marks(self._major))
        now = {int(marked): int(mark) for marked, mark in found.fetchall()}
        known, before, self._catalog = self._catalog, self._marks, None
        self._marks = now
        changed = {key for key in now.keys() | before.keys() if now.get(key) != before.get(key)}
        if known is None or len(changed) > _MANY or any(_COMPARED <= key < 0 for key in changed):
            self._catalog = self._whole()
        else:
            self._catalog = self._again(known, changed) if changed else known
        return self._catalog

    def _whole(self) -> Catalog:
        there = {OTHERS[-1 - key] for key in self._marks if key < 0}
        absent = {family for family, catalogs in READS.items() if there.isdisjoint(catalogs)}
        absent.update(family for catalog, family in _SELDOM.items() if f"any {catalog}" not in there)
        (body,) = self._execute(statement(self._major, [self._ignore], without=absent, told=True)).fetchone() or ("[]",)
        objects = dict(Catalog.from_rows(body).objects)
        self._names = {}
        self._learn(objects)
        return Catalog({key: attributes for key, attributes in objects.items() if key[0] != "read"})

    def _again(self, known: Catalog, changed: set[int]) -> Catalog:
        kinds = {kind for kind, _ in known.objects}
        there = {OTHERS[-1 - key] for key in self._marks if key < 0}
        families = [*_OF_RELATIONS]
        families += [
            family
            for catalog, family in _SELDOM.items()
            if f"any {catalog}" in there or not kinds.isdisjoint(KINDS[family])
        ]
        query = statement(self._major, [self._ignore], families, "%(oids)s::oid[]")
        (body,) = self._execute(query, {"oids": sorted(changed)}).fetchone() or ("[]",)
        part = Catalog.from_rows(body)
        was = {oid: self._names.pop(oid) for oid in changed if oid in self._names}
        self._learn(part.objects)
        renamed = any(name != self._names.get(oid, name) for oid, name in was.items())
        catalog = spliced(known, part, families, was.values())
        return self._whole() if renamed or _may_rename(known, catalog, part) else catalog

    def _learn(self, objects: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
        self._names.update({int(row["oid"]): name for (kind, name), row in objects.items() if kind == "read"})

    def _execute(self, query: str, parameters: Mapping[str, Any] | None = None) -> psycopg.Cursor[Any]:
        return self._connection.execute(query.encode(), parameters, prepare=True)


def _may_rename(before: Catalog, after: Catalog, read: Catalog) -> bool:
    """Whether a part may have another name: that is written down only where it has it, and quoted anywhere."""
    gone, new = before.objects.keys() - after.objects.keys(), after.objects.keys() - before.objects.keys()
    if not {kind for kind, _ in gone}.isdisjoint(kind for kind, _ in new):
        return True
    # Two columns that take each other's name.
    return any(
        key in before.objects and attributes.get("position") != before.objects[key].get("position")
        for key, attributes in read.objects.items()
    )
