"""What a session holds and has done in its transaction, and what its relations are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.catalog.partial import Writes

__all__ = ["FIRST_USER_OID", "KINDS", "PREDICATE_LOCK", "WITH_ROWS", "Counters", "Names", "Relation", "State", "mode"]

Counters = tuple[int, ...]  # rows read by scans, fetched through an index, inserted, updated, deleted

FIRST_USER_OID = 16384  # FirstNormalObjectId, src/include/access/transam.h
PREDICATE_LOCK = "SIReadLock"  # of a serializable transaction; nobody waits for it
KINDS = {
    "f": "foreign table",
    "i": "index",
    "I": "index",
    "m": "materialized view",
    "p": "table",
    "r": "table",
    "S": "sequence",
    "v": "view",
}
WITH_ROWS = frozenset({"table", "materialized view", "foreign table"})
_NAMED_IN_ROWS = WITH_ROWS | {"view"}


@dataclass(frozen=True)
class Relation:
    """A relation as it is now; `file` is its relfilenode."""

    name: str
    kind: str
    file: int


@dataclass(frozen=True)
class State:
    """What a session holds and has done in its transaction.

    Args:
        transaction: what the server tells the transaction from others by; empty outside one.
        settings: as in `Statement.settings`.
        locks: the modes held on each relation, by oid.
        relations: what is locked, by oid; a dropped relation is missing.
        counters: what was counted since the transaction began, by oid.
        complete: whether `relations` holds every relation that there is.
        writes: what was written to PostgreSQL's own catalogs since the transaction began.
    """

    transaction: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    locks: Mapping[int, frozenset[str]] = field(default_factory=dict)
    relations: Mapping[int, Relation] = field(default_factory=dict)
    counters: Mapping[int, Counters] = field(default_factory=dict)
    complete: bool = False
    writes: Writes = field(default_factory=dict)


class Names:
    """What each relation is called throughout a trace: as it was called when it was first seen.

    A table that the revision renames stays the table that was there before; another that takes over its name is not.
    """

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._old: frozenset[str] | None = None

    def learn(self, relations: Mapping[int, Relation]) -> None:
        """Take over the names of relations; those given first were there before."""
        for oid, one in relations.items():
            taken = self._old is not None and one.kind in _NAMED_IN_ROWS and one.name in self._old
            self._names.setdefault(oid, f"{one.name} (new)" if taken else one.name)
        if self._old is None:
            self._old = frozenset(self._names.values())

    def __getitem__(self, oid: int) -> str:
        return self._names[oid]


def mode(name: str) -> str:
    """Turn pg_locks' `ShareUpdateExclusiveLock` into the manual's `SHARE UPDATE EXCLUSIVE`."""
    return "".join(f" {sign}" if sign.isupper() else sign for sign in name.removesuffix("Lock")).strip().upper()
