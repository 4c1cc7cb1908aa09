"""Pages by cursor: newest first, stable while rows come and go.

An offset would count rows that shift under the reader; the position of the last row that was seen does not.
https://www.postgresql.org/docs/current/functions-comparisons.html#ROW-WISE-COMPARISON
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import Session

from backend.src.models import Entry, User
from backend.src.services.errors import InvalidError

__all__ = ["MAX_PAGE", "Page", "cursor_of", "read_page"]

MAX_PAGE = 100

Row = TypeVar("Row", Entry, User)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and whether there are more behind them."""

    rows: list[Row]
    has_next: bool


def read_page(session: Session, model: type[Row], query: Select[Row], *, first: int, after: str | None) -> Page[Row]:
    """Read one page of a query.

    Args:
        session: an open session.
        model: the table that the query gives rows of.
        query: which rows; without an order.
        first: how many rows, 1 to `MAX_PAGE`.
        after: the cursor of the row before the page; `None` for the first page.

    Raises:
        InvalidError: `first` is out of range, or `after` is no cursor.
    """
    if not 1 <= first <= MAX_PAGE:
        raise InvalidError(f"A page has 1 to {MAX_PAGE} rows.", field="first")
    position = tuple_(model.created_at, model.id)
    if after is not None:
        query = query.where(position < tuple_(*_position(after)))
    # One row more than asked for says whether there is another page, without a count.
    rows = list(session.scalars(query.order_by(model.created_at.desc(), model.id.desc()).limit(first + 1)))
    return Page(rows[:first], has_next=len(rows) > first)


def cursor_of(created_at: datetime, id_: int) -> str:
    """Give the cursor of a row. It is opaque: clients pass it back and read nothing from it."""
    return urlsafe_b64encode(f"{created_at.isoformat()} {id_}".encode()).decode()


def _position(cursor: str) -> tuple[datetime, int]:
    try:
        created_at, id_ = urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").split(" ")
        position = datetime.fromisoformat(created_at), int(id_)
    except (binascii.Error, ValueError):
        raise InvalidError("This is not a cursor of this list.", field="after") from None
    if position[0].tzinfo is None:
        raise InvalidError("This is not a cursor of this list.", field="after")
    return position
