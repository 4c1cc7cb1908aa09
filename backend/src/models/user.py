"""Users."""

from __future__ import annotations

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.src.models.base import Base, CreatedAt, Key

__all__ = ["User"]


class User(Key, CreatedAt, Base):
    """Someone who writes entries."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(Text, unique=True)
    display_name: Mapped[str] = mapped_column(Text)
