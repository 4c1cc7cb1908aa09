"""Entries, and the indexes their queries use."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    Text,
    false,
    func,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.src.models.base import Base, CreatedAt, Key

__all__ = ["SEARCH_DOCUMENT", "Entry", "Visibility"]

# The planner uses the index only for a query with this very expression, so both take it from here. An index on an
# expression, because a generated column would rewrite the whole table when it is added. The inner parentheses are
# those that PostgreSQL gives back: Alembic compares the text, and would find another index in every comparison.
SEARCH_DOCUMENT: ColumnElement[str] = literal_column("to_tsvector('english', (title || ' ') || body)")


class Visibility(StrEnum):
    """Who may read an entry."""

    PRIVATE = "private"
    SHARED = "shared"
    PUBLIC = "public"


class Entry(Key, CreatedAt, Base):
    """Something a user wrote."""

    __tablename__ = "entries"

    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, server_default="")
    visibility: Mapped[Visibility] = mapped_column(
        Enum(Visibility, name="entry_visibility", values_callable=lambda kind: [member.value for member in kind]),
        server_default=Visibility.PRIVATE,
    )
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )
    is_archived: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (
        CheckConstraint("length(btrim(title)) BETWEEN 1 AND 200", name="title_length"),
        # The page that everybody opens: the newest entries of one user, without the archive.
        Index("ix_entries_current", "user_id", "created_at", "id", postgresql_where=text("NOT is_archived")),
        Index("ix_entries_search", SEARCH_DOCUMENT, postgresql_using="gin"),
    )
