"""Give dagster's env.py the connection that its storages give it, and its revisions the instance that they ask for."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool


def attributes(url: str) -> dict[str, Any]:
    """Give `config.attributes` for one run."""
    return {"connection": create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()}


def within(function: Callable[[], None]) -> None:
    """Call a function as `dagster instance migrate` does."""
    from dagster._core.storage.migration.utils import upgrading_instance

    # All that they ask of it is whether it has a scheduler.
    with upgrading_instance(SimpleNamespace(scheduler=None)):
        function()
