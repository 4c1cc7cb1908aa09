"""What a revision made of the schema, statement by statement, and what was there before the change began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from headgate.rules._made import was_there
from headgate.rules.rule import Evidence

if TYPE_CHECKING:
    from headgate.catalog import Catalog, Difference
    from headgate.catalog.model import Value
    from headgate.rehearsal.trace import Statement

__all__ = [
    "Made",
    "after",
    "attributes",
    "before",
    "existed",
    "is_new_column",
    "made",
    "new_columns",
    "new_parts",
    "short",
    "table_of",
]

TABLES = ("table", "foreign table")


class Made(NamedTuple):
    """One difference, and the statement that made it."""

    statement: Statement
    difference: Difference

    @property
    def name(self) -> str:
        """The name of what it is about."""
        return self.difference.name


def made(evidence: Evidence, change: str, *kinds: str, attribute: str | None = None) -> Iterator[Made]:
    """Give the differences of one sort that the upgrade made, in order.

    Args:
        evidence: what running the revision showed.
        change: `added`, `removed` or `changed`.
        kinds: the kinds of object; any when there are none.
        attribute: what changed.
    """
    for statement in evidence.run.up.statements:
        for one in statement.made:
            if one.change == change and (not kinds or one.kind in kinds) and attribute in (None, one.attribute):
                yield Made(statement, one)


def before(evidence: Evidence) -> Catalog:
    """Give the catalog as it was before the change: what clients know that run while it is deployed."""
    return (evidence.change[0] if evidence.change else evidence.run).before


def after(evidence: Evidence) -> Catalog:
    """Give the catalog as it is after the change, the revisions above this one included."""
    return (evidence.change[-1] if evidence.change else evidence.run).after


def attributes(catalog: Catalog, kind: str, name: str) -> Mapping[str, Value]:
    """Give the attributes of an object; none when it is not there."""
    return catalog.objects.get((kind, name), {})


def existed(evidence: Evidence, table: str) -> bool:
    """Say whether a table was there before the change, whether or not it could be given rows."""
    if was_there(evidence.run, table):
        return True
    there = before(evidence).objects
    return any((kind, table) in there and (kind, table) in evidence.run.before.objects for kind in TABLES)


def is_new_column(evidence: Evidence, name: str) -> bool:
    """Say whether a column, as in `users.email`, came with this change; so does each column of a new table."""
    return ("column", name) not in before(evidence).objects


def new_parts(evidence: Evidence, *kinds: str) -> Iterator[tuple[Statement, str, Mapping[str, Value]]]:
    """Give each part of a table that the revision added and kept, by itself or with its table.

    Args:
        evidence: what running the revision showed.
        kinds: what parts: `column`, `foreign key`, `index`.

    Yields:
        The statement, the part's name and its attributes after the revision; inherited ones are left out.
    """
    objects = evidence.run.after.objects
    own = {(one.difference.kind, one.name): one.statement for one in made(evidence, "added", *kinds)}
    tables = {one.name: one.statement for one in made(evidence, "added", *TABLES)}
    for (kind, name), its in objects.items():
        if kind not in kinds or "inherited_from" in its or (kind, name) in evidence.run.before.objects:
            continue
        if not any((whole, its.get("of")) in objects for whole in TABLES):
            continue
        statement = own.get((kind, name)) or tables.get(str(its["of"]))
        if statement is not None:
            yield statement, name, its


def new_columns(evidence: Evidence) -> Iterator[tuple[Statement, str, Mapping[str, Value]]]:
    """Give each column that the revision added and kept, as `new_parts` does; one that was renamed is not new."""
    renamed = {
        one.name
        for statement in evidence.run.up.statements
        for one in statement.made
        if one.kind == "column" and one.change == "added" and any(o.change == "removed" for o in statement.made)
    }
    for statement, name, its in new_parts(evidence, "column"):
        if name not in renamed:
            yield statement, name, its


def table_of(evidence: Evidence, difference: Difference) -> str:
    """Give the table that a column, constraint, index, trigger or policy belongs to; empty where none is known."""
    key = difference.kind, difference.name
    its = evidence.run.before.objects.get(key) or evidence.run.after.objects.get(key) or {}
    if "of" in its:
        return str(its["of"])
    if difference.kind in {"column", "attribute"}:
        return difference.name.rpartition(".")[0]
    return difference.name.partition(" on ")[2]


def short(name: str, of: str) -> str:
    """Give a name without the table: `email` of `users.email`, `uq_email` of `uq_email on users`."""
    return name.removeprefix(f"{of}.").removesuffix(f" on {of}")
