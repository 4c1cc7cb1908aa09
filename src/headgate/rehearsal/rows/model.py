"""What the filling of tables knows of a schema: tables, columns, types and what binds them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Check", "Column", "ForeignKey", "Leaf", "Table", "Type", "Unique", "literal"]


@dataclass(frozen=True)
class Type:
    """A type, as far as values for it need to be known: https://www.postgresql.org/docs/18/catalog-pg-type.html.

    Args:
        oid: its identifier.
        name: its SQL name.
        constructor: the SQL name of the function that makes a range of it.
        bare: its name, neither quoted nor with its schema.
        builtin: whether it is one of PostgreSQL's own.
        kind: `b` base, `c` composite, `d` domain, `e` enum, `m` multirange, `r` range, `a` array.
        inner: (oid, typmod, SQL name) of the type that it is made of: the element, the subtype, the domain's base type.
        labels: of an enum, in order.
        fields: of a composite type, as `inner`.
        checks: the expressions of a domain, over `VALUE`.
        required: a domain that is not null.
    """

    oid: int
    name: str
    constructor: str
    bare: str
    builtin: bool
    kind: str
    inner: tuple[int, int, str] | None
    labels: tuple[str, ...]
    fields: tuple[tuple[int, int, str], ...]
    checks: tuple[str, ...]
    required: bool


@dataclass(frozen=True)
class Column:
    """A column; a domain is already taken apart into the type below it, its checks and its NOT NULL.

    Args:
        number: its number in the table.
        name: its name, quoted where SQL needs it.
        bare: its name, not quoted.
        type: the type below all domains.
        typmod: the modifier of that type, -1 for none.
        cast: that type with its modifier, as SQL writes it.
        required: it may not be NULL.
        generated: the expression that it is computed by, if it is.
        default: the expression of its default.
        sequence: the SQL name of the sequence that numbers it.
        checks: the domains' expressions over `VALUE`.
    """

    number: int
    name: str
    bare: str
    type: Type
    typmod: int
    cast: str
    required: bool
    generated: str | None
    default: str | None
    sequence: str | None
    checks: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """An expression over some columns that must not be false, and the text whose constants suggest values for them."""

    columns: tuple[str, ...]
    expression: str
    hint: str


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key: its columns, and the table and columns that it points to."""

    name: str
    columns: tuple[str, ...]
    parent: int
    keys: tuple[str, ...]
    full: bool


@dataclass(frozen=True)
class Unique:
    """The columns that a unique index or an exclusion constraint is over, and whether it can be put off."""

    columns: frozenset[str]
    deferrable: bool
    primary: bool
    exclusion: bool


@dataclass(frozen=True)
class Leaf:
    """A partition that holds rows: what a row must satisfy to go there, and the text of its bounds."""

    oid: int
    shown: str
    expression: str
    bound: str
    foreign: bool


@dataclass(frozen=True)
class Table:
    """A table that rows are inserted into: not a partition, which is filled through the table that it is one of.

    Args:
        oid: its identifier.
        name: its SQL name with its schema.
        shown: its SQL name, without its schema when that is `public`.
        bare: its quoted name without a schema.
        foreign: its rows are on another server.
        rules: it has rewrite rules.
        triggers: it has triggers of the user's.
    """

    oid: int
    name: str
    shown: str
    bare: str
    foreign: bool
    rules: bool
    triggers: bool
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]
    foreign_keys: tuple[ForeignKey, ...]
    uniques: tuple[Unique, ...]
    leaves: tuple[Leaf, ...]

    @property
    def fillable(self) -> tuple[Column, ...]:
        """The columns that take a value."""
        return tuple(column for column in self.columns if column.generated is None)

    def column(self, name: str) -> Column:
        """Give the column of a (quoted) name."""
        return next(column for column in self.columns if column.name == name)


def literal(text: str) -> str:
    """Write a string constant; `standard_conforming_strings` is on while tables are filled."""
    return "'" + text.replace("'", "''") + "'"
