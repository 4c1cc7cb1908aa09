"""Tell which statement made which difference of the schema, uncommitted work included.

A picture of the whole schema costs more than most statements, so what is read after one is only what it can have
changed, and that as late as it can be: before the next statement, or before its work is undone. What the last one of
a revision made is seen in the picture that is taken when the revision has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from psycopg.pq import TransactionStatus

from headgate.catalog import Catalog, Difference, diff
from headgate.catalog.partial import changed, keeps_to_its_locks, renames, spliced, written
from headgate.rehearsal.observation import Observer
from headgate.rehearsal.state import Relation, State

__all__ = ["Changes", "Source"]

# A statement that changes a relation holds a stronger lock on it, if it holds any.
_OF_ROWS = frozenset({"ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE"})
_INSIDE = TransactionStatus.INTRANS


class Source(Protocol):
    """Reads the schema in a session of headgate's own, so that it sees what is committed."""

    def catalog(self) -> Catalog:
        """Read the catalog."""

    def picture(self) -> Catalog:
        """Give the catalog while nothing runs; the last one that was read, if it is still that."""

    def version_table(self) -> tuple[str, str]:
        """Give the schema and the name of Alembic's own table, which is no part of the catalog."""


@dataclass(frozen=True)
class _Open:
    """A statement whose differences are still to be read."""

    number: int
    observer: Observer
    families: frozenset[str] | None
    # The relations outside of which nothing changed, by oid, each with the name that it had; None for all.
    relations: Mapping[int, str] | None


class Changes:
    """The schema as it is after each statement of one trace.

    Args:
        source: reads what is committed.
        tell: is given the number of a statement and what it made.
    """

    def __init__(self, source: Source, tell: Callable[[int, tuple[Difference, ...]], None]) -> None:
        self._source, self._tell = source, tell
        self.reading = False
        self.schema: Catalog | None = source.picture()
        self._open: _Open | None = None

    def before(self, observer: Observer) -> None:
        """Read what is still to be read before a statement is sent."""
        self.settle()
        if observer.begin() or self.schema is None:
            self.schema = self._whole(observer)

    def after(
        self, number: int, tag: str, observer: Observer, before: State, known: Mapping[int, Relation], *, inside: bool
    ) -> None:
        """Note that a statement was answered.

        Args:
            number: its number.
            tag: the server's answer.
            observer: what looks at its session.
            before: the state before it.
            known: every relation that was known before it, by oid.
            inside: whether it ended in the transaction in which it began, so that what it wrote was counted.
        """
        relations, locked = None, None
        state = observer.state
        if inside and keeps_to_its_locks(tag):
            held = {oid for oid, modes in state.locks.items() if not modes <= _OF_ROWS}
            relations = {oid: known[oid].name if oid in known else "" for oid in held}
            locked = {
                (state.relations.get(oid) or known[oid]).kind for oid in held if oid in known or oid in state.relations
            }
        families = changed(written(before.writes, state.writes), locked) if inside else None
        if families == frozenset():
            return
        self._open = _Open(number, observer, families, relations)

    def settle(self) -> None:
        """Read what the last statement made."""
        waiting, self._open = self._open, None
        if waiting is None or self.schema is None:
            return
        observer, families = waiting.observer, waiting.families
        if families is None or observer.status is not _INSIDE:
            schema = self._whole(observer)
            made = diff(self.schema, schema)
        else:
            part = observer.catalog(self._source.version_table(), families, waiting.relations)
            names = None if waiting.relations is None else waiting.relations.values()
            schema = spliced(self.schema, part, families, names)
            made = diff(self.schema, schema)
            if renames(made):
                schema = self._whole(observer)
                made = diff(self.schema, schema)
        self.schema = schema
        self._tell(waiting.number, made)

    def undone(self) -> None:
        """Take notice that a transaction, or a part of one, was rolled back: the schema is another one again."""
        self._open = self.schema = None

    def end(self) -> None:
        """Read what the last statement made, when the revision has ended."""
        waiting, self._open = self._open, None
        if waiting is not None and self.schema is not None:
            self._tell(waiting.number, diff(self.schema, self._committed(self._source.picture)))

    def _whole(self, observer: Observer) -> Catalog:
        if observer.status is _INSIDE:
            return observer.catalog(self._source.version_table())
        return self._committed(self._source.catalog)

    def _committed(self, read: Callable[[], Catalog]) -> Catalog:
        """Read in a session of headgate's own; what that sends comes from the revision's line as well."""
        self.reading = True
        try:
            return read()
        finally:
            self.reading = False
