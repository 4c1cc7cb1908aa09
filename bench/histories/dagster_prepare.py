"""Give dagster's env.py the connection that its storages give it."""

from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool


def attributes(url: str) -> dict[str, Any]:
    """Give `config.attributes` for one run."""
    return {"connection": create_engine(url, poolclass=NullPool).connect()}
