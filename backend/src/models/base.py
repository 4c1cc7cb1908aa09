"""What every table has in common: how its constraints are named, its key, and when a row was made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = ["Base", "CreatedAt", "Key"]

# A constraint that the server named cannot be dropped by a downgrade that does not know the name.
# https://alembic.sqlalchemy.org/en/latest/naming.html
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base. A new column is declared last, which is where PostgreSQL puts it."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Key:
    """A surrogate key that only the server gives out; 64 bits, because widening a key later rewrites the table."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, sort_order=-2)


class CreatedAt:
    """When the row was made, as the server saw it."""

    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), sort_order=-1)
