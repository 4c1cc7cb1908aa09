"""Tags, and which entry has which."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.src.models.base import Base, CreatedAt, Key

__all__ = ["EntryTag", "Tag"]


class Tag(Key, CreatedAt, Base):
    """A word that entries are found by, shared by all users and kept in lower case."""

    __tablename__ = "tags"

    name: Mapped[str] = mapped_column(Text, unique=True)


class EntryTag(Base):
    """That an entry has a tag."""

    __tablename__ = "entry_tags"

    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    # The primary key serves only lookups by entry; finding the entries of a tag, and deleting one, needs this index.
    tag_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True
    )
