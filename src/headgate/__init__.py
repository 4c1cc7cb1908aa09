"""The migration gate for SQLAlchemy, Alembic and PostgreSQL. Importing this package imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from invoke.collection import Collection

__all__ = ["__version__", "collection", "development_url"]

__version__ = "0.1.0"


def collection() -> Collection:
    """Give headgate's Invoke tasks, for a project's own `tasks.py`: `ns = headgate.collection()`."""
    from headgate.tasks import collection as build

    return build()


def development_url(start: Path) -> str:
    """Give the URL of the project's own development database, and start its server when it is not running.

    Args:
        start: any folder inside the project.

    Raises:
        HeadgateError: no server can be found or started.
    """
    from headgate import config
    from headgate.postgres import development

    settings = config.load(start)
    return development.start(settings.root, major=settings.postgres, state=settings.state).url()
