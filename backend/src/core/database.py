"""The one engine of the service. The application, the tests and `alembic/env.py` all take it from here."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from backend.src.core.config import BACKEND, Settings

__all__ = ["get_engine", "open_session"]


@cache
def get_engine() -> Engine:
    """Give the engine, made at the first call and kept. Making it does not connect.

    Where `DATABASE_URL` is not set it belongs to the project's own development server, which is started if need be.
    """
    return create_engine(_database_url(), pool_pre_ping=True)


def open_session() -> Session:
    """Open a session whose objects stay readable after its transaction has ended."""
    return Session(get_engine(), expire_on_commit=False)


def _database_url() -> str:
    if url := Settings().database_url:
        return url.get_secret_value()
    # Only a developer's machine gets here: a deployment sets DATABASE_URL and never imports headgate for this.
    from headgate import development_url

    return development_url(BACKEND)
