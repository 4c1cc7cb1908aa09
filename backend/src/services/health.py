"""Whether the database answers, and which revision it is at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from backend.src.core.config import BACKEND

__all__ = ["Schema", "schema_of"]


@dataclass(frozen=True)
class Schema:
    """Where the database stands against the code.

    Args:
        revision: what the database is at; `None` when nothing was ever applied.
        head: the newest revision that the code knows.
    """

    revision: str | None
    head: str | None

    @property
    def is_head(self) -> bool:
        """Whether the database is where the code expects it."""
        return self.revision == self.head


def schema_of(session: Session) -> Schema:
    """Ask the database which revision it is at."""
    heads = MigrationContext.configure(session.connection()).get_current_heads()
    return Schema(", ".join(heads) or None, _head())


@cache
def _head() -> str | None:
    script = ScriptDirectory.from_config(Config(BACKEND / "alembic.ini"))
    return ", ".join(script.get_heads()) or None
