"""Ids as the API gives them: text that holds a key of 64 bits."""

from __future__ import annotations

import strawberry

from backend.src.services.errors import InvalidError

__all__ = ["key"]

LARGEST = 2**63 - 1


def key(id_: strawberry.ID, field: str) -> int:
    """Read a key.

    Raises:
        InvalidError: it cannot be one.
    """
    if id_.isascii() and id_.isdigit() and 0 < (value := int(id_[:20])) <= LARGEST:
        return value
    raise InvalidError("This is not an id.", field=field)
