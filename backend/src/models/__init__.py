"""The tables. Alembic compares `Base.metadata` with the database, so every model is imported here."""

from __future__ import annotations

from backend.src.models.base import Base
from backend.src.models.entry import Entry, Visibility
from backend.src.models.tag import EntryTag, Tag
from backend.src.models.user import User

__all__ = ["Base", "Entry", "EntryTag", "Tag", "User", "Visibility"]
