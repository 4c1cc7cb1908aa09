"""The migration gate for SQLAlchemy, Alembic and PostgreSQL. Importing this package imports nothing heavy."""

from __future__ import annotations

import sys
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
        HeadgateError: no server can be found or started. In an env.py it is Alembic's own error as well, so that plain
            `alembic` prints its two lines without a traceback.
    """
    from headgate import config
    from headgate.errors import HeadgateError
    from headgate.postgres import development

    try:
        settings = config.load(start)
        return development.start(settings.root, major=settings.postgres, state=settings.state).url()
    except HeadgateError as error:
        if "alembic.context" not in sys.modules:
            raise
        from headgate.apply.guard import DeploymentError

        raise DeploymentError(error.what, error.fix, code=error.code) from None
