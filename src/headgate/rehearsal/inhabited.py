"""The tables of a scratch database that were given rows, followed under whatever name a revision gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from headgate.rehearsal import contents
from headgate.rehearsal.contents import Contents, Inhabitants, Values
from headgate.rehearsal.model import Fill
from headgate.rehearsal.state import FIRST_USER_OID

if TYPE_CHECKING:
    import psycopg

    from headgate.rehearsal.trace import Trace

__all__ = ["Inhabited"]

_TABLES = """
SELECT c.oid, CASE WHEN n.nspname = 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f')
"""


class Inhabited:
    """Fills a database, and tells what its tables hold before and after a revision.

    Args:
        connection: a connection of headgate's own.
        known: what is known of the database already.
    """

    def __init__(self, connection: psycopg.Connection[Any], known: Inhabitants | None = None) -> None:
        self._connection = connection
        known = known or Inhabitants()
        self._rows, self._held = dict(known.rows), dict(known.held)
        self.not_filled = dict(known.not_filled)

    @property
    def known(self) -> Inhabitants:
        """What is known now."""
        return Inhabitants(dict(self._rows), dict(self._held), dict(self.not_filled))

    def fill(self, fill: Fill, ignore: tuple[str, str], tell: Any) -> None:
        """Give every table that is there rows."""
        from headgate.rehearsal import fitting, given
        from headgate.rehearsal.rows import fill as fill_tables

        loose = fitting.loosened(self._connection) if fill.awkward else ()
        filled = fitting.filled(
            self._connection,
            (*fill.fit, *loose),
            lambda: fill_tables(
                self._connection,
                rows=fill.rows,
                awkward=fill.awkward,
                given=given.statements(fill),
                ignore=[ignore],
                tell=tell,
            ),
        )
        self._rows = {oid: filled.tables[name] for oid, name in self._names().items() if name in filled.tables}
        self.not_filled = dict(filled.not_filled)
        self._held = contents.read(self._connection, self._rows)

    def rows(self) -> dict[str, int]:
        """Give the rows of each table that was there when the database was filled, by the name that it has now."""
        names = self._names()
        return {names[oid]: rows for oid, rows in self._rows.items() if oid in names}

    def held(self) -> Contents:
        """Give what the tables held when they were last read, by the names that they had then."""
        return dict(self._held.values())

    def read(self, traces: Iterable[Trace | None]) -> Contents:
        """Read the tables again that these traces may have changed, and those that were made since.

        Returns:
            What they hold, by the names that they had when they were read before; nothing for one that is no more.
        """
        touched = {name for trace in traces if trace for name in _touched(trace)}
        oids = [oid for oid, (name, _) in self._held.items() if name in touched]
        made = [oid for oid in self._names() if oid >= FIRST_USER_OID and oid not in self._held]
        found = contents.read(self._connection, [*oids, *made]) if oids or made else {}
        now: dict[str, Mapping[str, Values]] = {found[oid][0]: found[oid][1] for oid in made if oid in found}
        for oid in oids:
            name, _ = self._held[oid]
            now[name] = found[oid][1] if oid in found else self._again(name)
        return now

    def refresh(self, traces: Iterable[Trace | None]) -> None:
        """Take what the tables hold now, that these traces may have changed, as what they hold before what follows."""
        touched = {name for trace in traces if trace for name in _touched(trace)}
        oids = [oid for oid, (name, _) in self._held.items() if name in touched]
        for oid in oids:
            del self._held[oid]
        if oids:
            self._held.update(contents.read(self._connection, oids))

    def _again(self, name: str) -> Mapping[str, Values]:
        """What a table holds that has the name of one that was dropped."""
        oid = next((oid for oid, known in self._names().items() if known == name), None)
        return contents.read(self._connection, [oid])[oid][1] if oid is not None else {}

    def _names(self) -> dict[int, str]:
        return dict(self._connection.execute(_TABLES).fetchall())


def _touched(trace: Trace) -> set[str]:
    return {lock.relation for one in trace.statements for lock in one.held if lock.mode not in _READS} | {
        work.relation for one in trace.statements for work in one.work if work.inserted or work.updated or work.deleted
    }


_READS = frozenset({"ACCESS SHARE", "ROW SHARE"})
