"""What a snapshot returns: every object of a schema by kind and name, with its attributes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headgate.catalog.grants import grants

__all__ = ["Attributes", "Catalog", "Key", "Value"]

Value = str | int | bool | tuple[str, ...]
"""The value of an attribute. An attribute at its default is absent, so `.get(...)` is None."""

Attributes = Mapping[str, Value]

# Lists of `name=value` that the server gives in the order in which they were set.
_SORTED = frozenset({"foreign_options", "options", "settings", "toast_options"})

Key = tuple[str, str]
"""Kind and name, as one says it: `("column", "entries.title")`, `("foreign key", "entries_user_fkey on entries")`."""


@dataclass(frozen=True, eq=False)
class Catalog:
    """A database's schema, free of object ids, positions on disk and settings of the session that read it.

    Args:
        objects: the attributes of each object. Names are quoted where SQL needs it and carry their schema unless it is
            `public`. Treat as read-only.
    """

    objects: Mapping[Key, Attributes]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the canonical JSON. Equal digests mean that `diff` finds nothing.

        The reverse does not hold: names that PostgreSQL chose for parts of a partition are in the digest and are no
        difference.
        """
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """The catalog as canonical JSON, for a cache or another process."""
        rows = [[kind, name, self.objects[kind, name]] for kind, name in sorted(self.objects)]
        return json.dumps(rows, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Catalog:
        """The catalog that `to_json` wrote."""
        rows = json.loads(text)
        return cls({(kind, name): _attributes(attributes) for kind, name, attributes in rows})

    @classmethod
    def from_rows(cls, text: str) -> Catalog:
        """The catalog of the JSON that the server returned: one array of rows for each family, or null for none."""
        objects: dict[Key, Attributes] = {}
        for family in json.loads(text):
            for row in family or ():
                key = row.pop("kind"), row.pop("name")
                objects[key] = _attributes(row)
        return cls(objects)

    def __len__(self) -> int:
        return len(self.objects)

    def __iter__(self) -> Iterator[Key]:
        return iter(self.objects)

    def __eq__(self, other: object) -> bool:
        return self.objects == other.objects if isinstance(other, Catalog) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)


def _attributes(row: dict[str, Any]) -> Attributes:
    """The attributes that differ from their default, lists made immutable."""
    if isinstance(row.get("grants"), list):
        row["grants"] = grants(*row["grants"])
    for attribute in _SORTED & row.keys():
        if isinstance(row[attribute], list):
            row[attribute] = ", ".join(sorted(row[attribute]))
    return {
        attribute: tuple(value) if isinstance(value, list) else value
        for attribute, value in row.items()
        if value is not None
    }
