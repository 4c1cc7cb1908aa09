"""What two catalogs do not agree on, each thing told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headgate.catalog import words
from headgate.catalog.difference import Difference
from headgate.catalog.model import Attributes, Catalog, Key, Value

__all__ = ["diff"]

# Where an object belongs to, or what another attribute says already.
_NOT_COMPARED = frozenset(
    {"index", "inherited_from", "local", "method", "of", "position", "predicate", "reads", "unique"}
)

_CONSTRAINTS = frozenset(kind for kind in words.KINDS if kind.endswith((" constraint", " key")))
_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view", "index", "sequence"})
_TYPES = frozenset({"enum", "domain", "composite type", "range type", "base type"})
_ROUTINES = frozenset({"function", "procedure", "aggregate"})

# Their names are labels: with all else equal, another name is a rename. The name of a table or column is what it is.
_LABELLED = _CONSTRAINTS | {"index", "policy", "rule", "statistics", "trigger"}


def diff(before: Catalog, after: Catalog) -> tuple[Difference, ...]:
    """Compare two catalogs object by object.

    Told once, where it begins: a table that one side lacks stands for all its parts, a changed column for the same
    change in the partitions, a view's definition for the view's columns, an owned sequence's column or default for
    the sequence. Columns are compared by name; a table whose columns only stand in another order is one difference
    of kind `position`.

    Args:
        before: the first catalog, of which `removed` and `before` speak.
        after: the second.

    Returns:
        The differences, in an order that depends on nothing but them. Empty when the schemas agree.
    """
    if before.objects == after.objects:
        return ()
    removed = {key: before.objects[key] for key in before.objects.keys() - after.objects.keys()}
    added = {key: after.objects[key] for key in after.objects.keys() - before.objects.keys()}
    wholes = {name for kind, name in removed.keys() | added.keys() if kind in _RELATIONS | _TYPES}
    found = [
        *_renamed(removed, added),
        *_of_another_kind(removed, added),
        *(Difference(*key, "removed", before=words.describe(key[0], removed[key])) for key in removed),
        *(Difference(*key, "added", after=words.describe(key[0], added[key])) for key in added),
    ]
    for key in before.objects.keys() & after.objects.keys():
        if before.objects[key] != after.objects[key]:
            found += _changed(key, before.objects[key], after.objects[key])
    found += _moved(before, after)
    consequences = _Consequences(before, after, wholes, found)
    return tuple(sorted((d for d in found if d not in consequences), key=_order))


def _changed(key: Key, left: Attributes, right: Attributes) -> Iterator[Difference]:
    """One difference for each attribute; an index's columns, method, predicate and uniqueness count as one."""
    for attribute in sorted((left.keys() | right.keys()) - _NOT_COMPARED - {"definition"}):
        if left.get(attribute) != right.get(attribute):
            yield Difference(*key, "changed", attribute, left.get(attribute), right.get(attribute))
    shapes: list[Value | None] = [left.get("definition"), right.get("definition")]
    if key[0] == "index":
        of, method = (left[part] != right[part] for part in ("of", "method"))
        shapes = [words.index_shape(side, of=of, method=method) for side in (left, right)]
    if shapes[0] != shapes[1]:
        yield Difference(*key, "changed", "definition", *shapes)


def _renamed(removed: dict[Key, Attributes], added: dict[Key, Attributes]) -> Iterator[Difference]:
    """Take out of both what differs in nothing but its label."""
    new = {key: _shape(key, added[key]) for key in sorted(added) if key[0] in _LABELLED}
    for key in sorted(removed):
        if key[0] not in _LABELLED:
            continue
        shape = _shape(key, removed[key])
        match = next((other for other, its in new.items() if its == shape), None)
        if match:
            of = f" on {removed.pop(key)['of']}"
            del added[match], new[match]
            yield Difference(*key, "changed", "name", key[1].removesuffix(of), match[1].removesuffix(of))


def _shape(key: Key, attributes: Attributes) -> tuple[str, bool, dict[str, Value]]:
    rest = {name: value for name, value in attributes.items() if name not in ("index", "inherited_from")}
    return key[0], "inherited_from" in attributes, rest


def _of_another_kind(removed: dict[Key, Attributes], added: dict[Key, Attributes]) -> Iterator[Difference]:
    """Take out of both what has kept its name and become something else: a unique constraint an index."""
    new = {place: key for key in sorted(added) for place in _places(key, added[key])}
    for key in sorted(removed):
        match = next((new[place] for place in _places(key, removed[key]) if place in new), None)
        if match and match in added:
            was = _kind(key[0], removed.pop(key))
            yield Difference(*key, "changed", "kind", was, _kind(match[0], added.pop(match)))


def _places(key: Key, attributes: Attributes) -> Iterator[Key]:
    """The places that an object occupies; each holds one object, of whatever kind."""
    kind, name = key
    for place, kinds in (
        ("relation", _RELATIONS),
        ("type", _TYPES),
        ("routine", _ROUTINES),
        ("constraint", _CONSTRAINTS),
    ):
        if kind in kinds:
            yield place, name
    if "index" in attributes:
        yield "relation", str(attributes["index"])


def _kind(kind: str, attributes: Attributes) -> str:
    return f"unique {kind}" if attributes.get("unique") else kind


def _moved(before: Catalog, after: Catalog) -> Iterator[Difference]:
    """Tables whose common columns stand in another order."""
    orders: dict[str, list[tuple[int, int, str]]] = {}
    for key in before.objects.keys() & after.objects.keys():
        left, right = before.objects[key], after.objects[key]
        if "position" in left and "position" in right:
            column = key[1].removeprefix(f"{left['of']}.")
            places = int(str(left["position"])), int(str(right["position"]))
            orders.setdefault(str(left["of"]), []).append((*places, column))
    for table, columns in orders.items():
        was = tuple(column for _, _, column in sorted(columns, key=lambda c: c[0]))
        now = tuple(column for _, _, column in sorted(columns, key=lambda c: c[1]))
        if was != now:
            yield Difference("position", table, "moved", "position", was, now)


class _Consequences:
    """The differences that follow from another one, which is told."""

    def __init__(self, before: Catalog, after: Catalog, wholes: set[str], found: Iterable[Difference]) -> None:
        self._before, self._after = before.objects, after.objects
        self._wholes = wholes
        self._found = set(found)
        self._defined = {d.name for d in self._found if d.attribute == "definition" and d.kind in _RELATIONS}
        self._attached = {d.name for d in self._found if d.attribute in ("inherits", "partition_of")}
        self._keys = {d.name for d in self._found if d.kind in _LABELLED | {"column"}}
        self._columns = {d.name for d in self._found if d.kind == "column" and d.attribute in (None, "default")}

    def __contains__(self, difference: Difference) -> bool:
        if difference.kind == "position":
            return difference.name in self._wholes | self._defined or any(
                self._told(difference, parent) for parent in self._parents_of_table(difference.name)
            )
        key = difference.kind, difference.name
        attributes = self._before.get(key) or self._after.get(key) or {}
        if attributes.get("of") in self._wholes:
            return True
        one_sided = difference.change in ("added", "removed")
        if one_sided and difference.kind == "column" and attributes.get("of") in self._defined:
            return True
        if one_sided and attributes.get("owned_by") in self._columns:
            return True
        parents = attributes.get("inherited_from")
        if not isinstance(parents, tuple):
            return False
        if not attributes.get("local"):
            # PostgreSQL names the inherited part itself, makes it when the parent gets it or the table gets the parent.
            if difference.attribute == "name":
                return True
            if one_sided and (attributes.get("of") in self._attached or not self._keys.isdisjoint(parents)):
                return True
        return any(self._told(difference, parent) for parent in parents)

    def _told(self, difference: Difference, parent: str) -> bool:
        """Whether the parent has the same difference."""
        d = difference
        return Difference(d.kind, parent, d.change, d.attribute, d.before, d.after) in self._found

    def _parents_of_table(self, table: str) -> Iterator[str]:
        for (kind, name), attributes in self._before.items():
            if kind == "column" and attributes.get("of") == table:
                for parent in attributes.get("inherited_from", ()):  # type: ignore[union-attr]
                    yield str(parent).removesuffix(name.removeprefix(table))


def _order(difference: Difference) -> tuple[int, str, str, str, str]:
    kinds = words.KINDS
    rank = kinds.index(difference.kind) if difference.kind in kinds else len(kinds)
    return rank, difference.kind, difference.name, difference.attribute or "", difference.change
