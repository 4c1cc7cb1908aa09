"""Put a table's draft together: which options a column has, what it is joined to, which value goes to which row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod

from headgate.rehearsal.rows.candidate import Assortment, Candidate, Cost, Maker, constant
from headgate.rehearsal.rows.constants import constants, suggestions
from headgate.rehearsal.rows.draft import Draft, Slot
from headgate.rehearsal.rows.links import keys_of, link, named_after
from headgate.rehearsal.rows.model import Column, ForeignKey, Table
from headgate.rehearsal.rows.offers import Offers
from headgate.rehearsal.rows.order import Step
from headgate.rehearsal.rows.session import Session
from headgate.rehearsal.rows.solve import groups

__all__ = ["NoParent", "compose", "no_parent"]

# Ordinary keys begin this far above the rows that are there: a revision may add the next ones itself.
_DISTANCE = 1_000
_AHEAD = 6  # as many numbers of a check are tried as a distance between columns
_NOWHERE = 900_000_000  # how far above the keys of a table are those of its orphans
_INTEGERS = {"int2": 2**13, "int4": 2**30, "int8": 2**62}


class NoParent(Exception):
    """A row needs one of another table, which has none."""


def no_parent(parent: str) -> str:
    """Say that the rows of a table cannot be there without those of its parent."""
    return f"each row needs one of {parent}, which has none"


class Composer:
    """Makes the draft of one table.

    Args:
        session: in a transaction.
        offers: what the types offer.
        tables: the tables that have had their turn, by their name without quotes.
        step: the table.
        awkward: rows repeat values where they may.
    """

    def __init__(
        self, session: Session, offers: Offers, tables: Mapping[str, Table], step: Step, awkward: bool
    ) -> None:
        self._awkward = awkward
        self._session = session
        self._offers = offers
        self._tables = tables
        self._step = step
        self._table = step.table
        self._draft = Draft(step.table)
        self._joined: dict[str, str] = {}  # the expression of a column that a foreign key decides
        self._units: dict[str, str] = {}  # the foreign key that decides a column
        self._pointed: list[int] = []  # the tables that foreign keys point to
        self._places: dict[str, Maker] = {}
        self._sizes: dict[str, int] = {}  # how many values a column takes, where that is few
        self._bonds = [key.columns for key in step.table.foreign_keys if key not in step.later]
        self._bonds += [columns for columns, _ in groups(step.table)]
        self._finite = keys_of(step.table) | {
            column.name for column in step.table.fillable if offers.of(column).distinct is not None
        }
        self._own: dict[str, str] = {}
        self._empty: set[str] = set()  # NULL for now, or for want of a parent
        # MATCH FULL: not some of its columns are NULL and some not.
        self._whole = {
            name for key in step.table.foreign_keys if key.full and len(key.columns) > 1 for name in key.columns
        }

    def draft(self) -> tuple[Draft, dict[str, int]]:
        """Give the draft, and for the columns that a sequence numbers how far above the row's number they are."""
        self._parents()
        offsets = self._offsets()
        bound = {name for check in self._table.checks for name in check.columns}
        every = any(not check.columns or self._generated(check.columns) for check in self._table.checks)
        for column in self._table.fillable:
            assortment = self._offers.of(column)
            options = self._options(column, assortment, offsets.get(column.name), bound=column.name in bound)
            decided = column.name in self._joined or column.name in self._empty
            if not decided and (column.checks or column.name in bound or every):
                options += self._suggested(column)
            if not column.required and column.name not in self._whole:
                options.append(constant(f"NULL::{column.cast}", Cost.NULL))
            index = self._places[column.name] if column.name in self._places else self._place((column.name,))
            self._draft.slots.append(Slot(column, options, index, self._own.get(column.name)))
            if assortment.distinct is not None and column.name not in self._sizes:
                self._sizes[column.name] = assortment.distinct
        return self._draft, offsets

    def _generated(self, columns: Sequence[str]) -> bool:
        return any(self._table.column(name).generated is not None for name in columns)

    def _parents(self) -> None:
        """Join the tables that the foreign keys point to, the key over the most columns first."""
        waiting = {key.name for key in (*self._step.later, *self._step.forced)}
        for key in self._table.foreign_keys:
            if key.name not in waiting:
                self._join(key)
        for key in self._step.later:
            free = [name for name in key.columns if name not in self._joined and not self._table.column(name).required]
            self._empty.update(free if key.full else free[-1:])
            self._whole -= self._empty
        known = keys_of(self._table)
        for column in self._table.fillable:
            key_ = None if column.name in known else named_after(column, self._tables)
            if key_ is not None:
                self._join(key_, promised=True)

    def _join(self, key: ForeignKey, *, promised: bool = False) -> None:
        if key.parent == self._table.oid:
            # A row that points to itself satisfies a key that may not be NULL.
            self._own.update(
                {ours: theirs for ours, theirs in zip(key.columns, key.keys, strict=True) if ours != theirs}
            )
            return
        fixed = {name: self._joined[name] for name in key.columns if name in self._joined}
        if len(fixed) == len(key.columns):
            self._require(key)
            return
        name = f"headgate_{len(self._draft.joins)}"
        alone = any(unique.columns <= set(key.columns) for unique in self._table.uniques)
        place = self._place(key.columns)
        # Of a table with two keys to another one, as a link of its rows is, ordinary rows join two different rows.
        further = 0 if self._awkward else self._pointed.count(key.parent)
        self._pointed.append(key.parent)
        index = f"{place('s.n')} + {further}" if further else place("s.n")
        made = link(self._session, key, name, index, fixed, every=alone)
        if made.count == 0:
            if promised:
                return
            free = [column for column in made.values if not self._table.column(column).required]
            if not free:
                parent = self._session.value(f"SELECT {key.parent}::regclass")
                raise NoParent(no_parent(parent))
            self._empty.update(free)
            for column in free:
                self._joined[column] = f"NULL::{self._table.column(column).cast}"
            return
        self._draft.tables += made.tables
        self._draft.joins.append(made.join)
        for column, value in made.values.items():
            self._joined[column] = value
            self._units[column] = key.name
            self._places[column] = place
            self._sizes[column] = made.count

    def _require(self, key: ForeignKey) -> None:
        """Leave out rows whose columns, decided by other keys, are not those of a parent."""
        parent = self._session.value(f"SELECT {key.parent}::regclass")
        pairs = list(zip(key.columns, key.keys, strict=True))
        same = " AND ".join(f"parent.{theirs} = {self._table.bare}.{ours}" for ours, theirs in pairs)
        missing = " OR ".join(f"{ours} IS NULL" for ours, _ in pairs)
        self._draft.filters.append(f"({missing} OR EXISTS (SELECT FROM {parent} AS parent WHERE {same}))")

    def _offsets(self) -> dict[str, int]:
        """Find where the ordinary keys of integers begin, above the rows that are there."""
        keys = {name for unique in self._table.uniques if len(unique.columns) == 1 for name in unique.columns}
        found = {}
        for column in self._table.fillable:
            limit = _INTEGERS.get(column.type.bare)
            numbered = column.sequence is not None or column.name in keys
            if limit is None or not numbered or column.name in self._joined:
                continue
            highest = self._session.value(
                f"SELECT coalesce(max({column.name}) FILTER (WHERE {column.name} BETWEEN 0 AND {limit}), 0) "
                f"FROM {self._table.name}"
            )
            found[column.name] = highest + _DISTANCE
        return found

    def _options(self, column: Column, assortment: Assortment, offset: int | None, *, bound: bool) -> list[Candidate]:
        """Give a column's options: the ordinary one first."""
        if column.name in self._empty:
            return []
        joined = self._joined.get(column.name)
        if joined is not None:
            cast = f"({joined})::{column.cast}"
            if column.name in keys_of(self._table):
                return [constant(cast, Cost.PLAIN)]
            far = assortment.plain
            orphan = [Candidate(lambda i: far.at(f"({i} + {_NOWHERE})"), Cost.EDGE)] if far else []
            return [constant(cast, Cost.PLAIN), *orphan, *assortment.edges]
        plain = assortment.plain
        if column.sequence is not None and column.type.bare in _INTEGERS:
            # A sequence counts up from 1: nobody's ids are 0 or below, but they may be as large as the type allows.
            above = [edge for edge in assortment.edges if self._session.value(f"SELECT {edge.at('1')} > 0")]
            assortment = replace(assortment, edges=above)
        if bound and assortment.distinct is not None and column.type.kind in "be" and assortment.distinct < 100:
            # Each by itself, so that a check can be solved for it.
            assortment = replace(assortment, edges=[replace(edge, cost=Cost.NAMED) for edge in assortment.edges])
        if plain is None:
            default = [constant(f"({column.default})::{column.cast}", Cost.PLAIN)] if column.default else []
            return [*default, *assortment.edges]
        # Columns of one row are not alike, and a later one is not less: "ends" stands behind "starts".
        ahead = offset if offset is not None else column.number
        return [Candidate(lambda i: plain.at(f"({i} + {ahead})"), Cost.PLAIN, plain.varies), *assortment.edges]

    def _suggested(self, column: Column) -> list[Candidate]:
        checks = [check for check in self._table.checks if column.name in check.columns or not check.columns]
        hidden = [check for check in self._table.checks if self._generated(check.columns)]
        hints = [*column.checks, *(check.hint for check in (*checks, *hidden))]
        hints = list(dict.fromkeys(hints))
        found = suggestions(column, hints)
        plain = self._offers.of(column).plain
        if plain is not None:
            # Beside another column, less or more than it by a number that a check names.
            for ahead in ("0", *(number for hint in hints for number in constants(hint)[1] if number.isdigit()))[
                :_AHEAD
            ]:
                at: Maker = lambda i, ahead=ahead: plain.at(f"({i} + {ahead})")  # type: ignore[misc]  # noqa: E731
                found.append(Candidate(at, Cost.VARIED, plain.varies))
        if column.default is not None and column.sequence is None:
            found.append(constant(column.default, Cost.NAMED))
        return self._offers.accepted(column, found)

    def _place(self, names: Sequence[str]) -> Maker:
        """Give how rows go through the values of columns that are chosen together, over the row's number.

        A tenth of the rows repeat the value of the row before them. Columns that are unique do not; of columns that are
        unique together each repeats its value in other rows than the rest. Where none of these has as many values as
        there may be rows, they are counted through like the digits of a number.
        """
        mine = self._company(names)
        uniques = [unique.columns for unique in self._table.uniques if unique.columns & mine]
        if any(unique <= mine for unique in uniques):
            return lambda n: n
        if any(all(name in self._finite for name in unique) for unique in uniques):
            return self._digit(mine, uniques)
        if not self._awkward:
            return lambda n: n
        number = min(column.number for column in self._table.columns if column.name in mine)
        turn = 9 if not uniques else number % 8
        return lambda n: f"({n} - (({n}) % 10 = {turn})::int)"

    def _company(self, names: Sequence[str]) -> set[str]:
        """Give the columns that are chosen together with some: by a check, by a foreign key."""
        mine: set[str] = set()
        more = set(names)
        while more - mine:
            mine |= more
            more = {name for bond in self._bonds if mine & set(bond) for name in bond}
        return mine

    def _digit(self, mine: set[str], uniques: Sequence[frozenset[str]]) -> Maker:
        before: dict[str, int] = {}
        for name in set().union(*uniques) - mine:
            if name in self._sizes:
                before[self._units.get(name, name)] = self._sizes[name]
        size = prod(before.values())
        if size == 1:
            return lambda n: n
        return lambda n: f"(({n}) / {size} + ({n}) % {size})"


def compose(
    session: Session, offers: Offers, tables: Mapping[str, Table], step: Step, *, awkward: bool
) -> tuple[Draft, dict[str, int]]:
    """Put the draft of a table together.

    Args:
        session: in a transaction.
        offers: what the types offer.
        tables: the tables that have had their turn, by their name without quotes.
        step: the table, and which of its foreign keys wait.
        awkward: rows repeat values where they may.

    Raises:
        NoParent: a foreign key that may not be NULL has no row to point to.
    """
    return Composer(session, offers, tables, step, awkward).draft()
