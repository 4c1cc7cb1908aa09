"""What every type offers: PostgreSQL's own, those made of others, and those that an extension brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import psycopg

from headgate.rehearsal.rows.candidate import Assortment, Candidate, Cost, Maker, constant
from headgate.rehearsal.rows.model import Column, Type, literal
from headgate.rehearsal.rows.scalars import scalar
from headgate.rehearsal.rows.session import Session
from headgate.rehearsal.rows.texts import TEXTS, text

__all__ = ["Offers"]

# How the types of common extensions are written, and then what any other type may make sense of.
_FOREIGN: Mapping[str, str] = {"hstore": "'n=>' || ({i})", "ltree": "'n.n' || ({i})", "cube": "'(' || ({i}) || ')'"}
_GUESSES: Sequence[str] = (
    "0", "1", "a", "", "{}", "[]", "()", "(0,0)", "1.0", "true", "2024-01-01", "POINT(0 0)", "POINT(1 1)",
    "LINESTRING(0 0, 1 1)", "POLYGON((0 0, 1 0, 1 1, 0 0))", "0-19-853392-1",
)  # fmt: skip


class Offers:
    """The candidates for columns; each was accepted by the server once before it is offered.

    Args:
        session: in a transaction.
        types: all types that columns are made of, by their oid.
    """

    def __init__(self, session: Session, types: Mapping[int, Type]) -> None:
        self._session = session
        self._types = types
        self._made: dict[tuple[str, str], Assortment] = {}
        self._accepted: dict[tuple[str, str], bool] = {}

    def of(self, column: Column) -> Assortment:
        """Give what a column's type offers, written in that type."""
        kind = (column.cast, column.bare)
        if kind not in self._made:
            self._made[kind] = self._offered(column)
        return self._made[kind]

    def _offered(self, column: Column) -> Assortment:
        made = self._assortment(column.type, column.typmod, column.cast, column.bare)
        plain = [made.plain] if made.plain else []
        kept = self.accepted(column, [*plain, *made.edges])
        return replace(
            made,
            plain=kept[0] if made.plain and kept and kept[0].cost is Cost.PLAIN else None,
            edges=[candidate for candidate in kept if candidate.cost is not Cost.PLAIN],
        )

    def accepted(self, column: Column, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Cast candidates to a column's type and leave out what the server refuses."""
        written = [_cast(candidate, column.cast) for candidate in candidates]
        # Two numbers, because a mistake may show with the larger one alone.
        tries = [f"({one.at('s.n')}) IS NULL" for one in written]
        unknown = [(column.cast, attempt) for attempt in tries if (column.cast, attempt) not in self._accepted]
        self._ask(unknown)
        return [one for one, attempt in zip(written, tries, strict=True) if self._accepted[column.cast, attempt]]

    def _ask(self, unknown: Sequence[tuple[str, str]]) -> None:
        """Ask about all together, and when that fails about each half."""
        if not unknown:
            return
        together = " OR ".join(attempt for _, attempt in unknown)
        query = f"SELECT count(*) FROM (VALUES (1::bigint), (1234)) AS s (n) WHERE {together}"
        try:
            with self._session.savepoint():
                self._session.run(query)
        except psycopg.Error:
            if len(unknown) == 1:
                self._accepted[unknown[0]] = False
                return
            middle = len(unknown) // 2
            self._ask(unknown[:middle])
            self._ask(unknown[middle:])
        else:
            self._accepted.update(dict.fromkeys(unknown, True))

    def _assortment(self, type_: Type, typmod: int, cast: str, hint: str) -> Assortment:
        if type_.kind == "e":
            return _enum(type_)
        if type_.kind == "a" and type_.inner:
            return self._array(type_.inner[0], typmod, cast, hint)
        if type_.kind == "c":
            return self._composite(type_, hint)
        if type_.kind == "r" and type_.inner:
            return self._range(type_, type_.inner, hint)
        if type_.kind == "m" and type_.inner:
            return self._multirange(type_, type_.inner, hint)
        if type_.kind == "d" and type_.inner:
            oid, below, name = type_.inner
            return self._assortment(self._types[oid], below, name, hint)
        if type_.bare in TEXTS:
            return text(type_.bare, typmod, hint, unicode=self._session.unicode)
        return scalar(type_.bare, typmod) or self._unknown(type_, cast)

    def _inner(self, part: tuple[int, int, str], hint: str) -> Assortment:
        """What a part of a type offers, each written in the part's type."""
        oid, typmod, cast = part
        made = self._assortment(self._types[oid], typmod, cast, hint)
        plain = _cast(made.plain, cast) if made.plain else None
        return replace(made, plain=plain, edges=[_cast(edge, cast) for edge in made.edges])

    def _array(self, element: int, typmod: int, cast: str, hint: str) -> Assortment:
        name = cast.removesuffix("[]")
        inner = self._inner((element, typmod, name), hint)
        edges = [constant("'{}'"), constant("ARRAY[NULL]")]
        if inner.plain is None:
            return Assortment(None, edges)
        one = inner.plain.at
        edges += [
            constant(f"ARRAY[{one('1')}, NULL, {one('1')}]"),
            constant(f"ARRAY[ARRAY[{one('1')}, {one('2')}], ARRAY[{one('3')}, {one('4')}]]"),
            constant(f"array_fill({one('1')}, ARRAY[1000])"),
            *(constant(f"ARRAY[{edge.at('1')}]") for edge in inner.edges),
        ]
        plain: Maker = lambda i: f"ARRAY[{one(i)}, {one(f'({i}) + 1')}]"  # noqa: E731
        return Assortment(Candidate(plain, Cost.PLAIN, varies=inner.plain.varies), edges, inner.distinct)

    def _composite(self, type_: Type, hint: str) -> Assortment:
        fields = [self._inner(part, hint) for part in type_.fields]
        nothing = ", ".join("NULL" for _ in fields)
        plain: Maker = lambda i: (  # noqa: E731
            f"ROW({', '.join(field.plain.at(i) if field.plain else 'NULL' for field in fields)})"
        )
        # A row of NULLs is not NULL itself, and yet IS NULL holds for it.
        edges = [constant(f"ROW({nothing})")]
        for place, field in enumerate(fields):
            for edge in field.edges:
                others = [other.plain.at("1") if other.plain else "NULL" for other in fields]
                others[place] = edge.at("1")
                edges.append(constant(f"ROW({', '.join(others)})"))
        varies = any(field.plain and field.plain.varies for field in fields)
        return Assortment(Candidate(plain, Cost.PLAIN, varies=varies), edges, None if varies else 1)

    def _range(self, type_: Type, subtype: tuple[int, int, str], hint: str) -> Assortment:
        """Ordinary ranges do not overlap: an exclusion constraint takes them."""
        inner = self._inner(subtype, hint)
        make = type_.constructor
        edges = [constant("'empty'"), constant("'(,)'")]
        if inner.plain is None:
            return Assortment(None, edges)
        one = inner.plain.at
        if self._types[subtype[0]].bare in TEXTS or self._types[subtype[0]].kind != "b":
            plain: Maker = lambda i: f"{make}({one(i)}, {one(i)}, '[]')"  # noqa: E731
        else:
            plain = lambda i: f"{make}({one(f'2 * ({i})')}, {one(f'2 * ({i}) + 1')})"  # noqa: E731
        edges += [
            constant(f"{make}({one('1')}, NULL)"),
            constant(f"{make}(NULL, {one('1')})"),
            constant(f"{make}({one('1')}, {one('1')}, '[]')"),
            *(constant(f"{make}({edge.at('1')}, {edge.at('1')}, '[]')") for edge in inner.edges),
        ]
        return Assortment(Candidate(plain, Cost.PLAIN, varies=inner.plain.varies), edges, inner.distinct)

    def _multirange(self, type_: Type, range_: tuple[int, int, str], hint: str) -> Assortment:
        inner = self._inner(range_, hint)
        make = type_.constructor
        edges = [constant("'{}'"), *(constant(f"{make}({edge.at('1')})") for edge in inner.edges)]
        if inner.plain is None:
            return Assortment(None, edges)
        one = inner.plain.at
        plain: Maker = lambda i: f"{make}({one(f'2 * ({i})')}, {one(f'2 * ({i}) + 1')})"  # noqa: E731
        return Assortment(Candidate(plain, Cost.PLAIN, varies=inner.plain.varies), edges, inner.distinct)

    def _unknown(self, type_: Type, cast: str) -> Assortment:
        """The type of an extension, or one with an input function of the user's own."""
        size = cast.partition("(")[2].partition(")")[0]
        if type_.bare in ("vector", "halfvec") and not type_.builtin:
            length = int(size) if size.isdigit() else 3
            at: Maker = lambda i: f"'[' || ({i}) % 1000 || repeat(',1', {length - 1}) || ']'"  # noqa: E731
            return Assortment(Candidate(at, Cost.PLAIN, varies=True), (), 1000)
        if shape := _FOREIGN.get(type_.bare):
            return Assortment(Candidate(lambda i: shape.replace("{i}", i), Cost.PLAIN, varies=True))
        guesses = [constant(literal(guess)) for guess in _GUESSES]
        probe = Column(0, "", "", type_, -1, cast, False, None, None, None, ())
        kept = self.accepted(probe, guesses)
        if not kept:
            return Assortment(None)
        return Assortment(replace(kept[0], cost=Cost.PLAIN), kept[1:], 1)


def _enum(type_: Type) -> Assortment:
    if not type_.labels:
        return Assortment(None)
    labels = ", ".join(literal(label) for label in type_.labels)
    count = len(type_.labels)
    plain: Maker = lambda i: f"(ARRAY[{labels}]::{type_.name}[])[1 + ({i}) % {count}]"  # noqa: E731
    edges = [constant(literal(label)) for label in type_.labels]
    return Assortment(Candidate(plain, Cost.PLAIN), edges, count)


def _cast(candidate: Candidate, cast: str) -> Candidate:
    return replace(candidate, at=lambda i: f"({candidate.at(i)})::{cast}")
