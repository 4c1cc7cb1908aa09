"""The models as env.py gives them: what a revision adds to them when it is imported is no part of them.

A constraint that is made of a model's columns joins the model's table by itself:
https://docs.sqlalchemy.org/en/20/core/constraints.html#check-constraint
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import MetaData

__all__ = ["Untouched"]


class Untouched:
    """What the models hold before the first revision is imported.

    Args:
        metadata: the models' tables, as env.py hands them over.
    """

    def __init__(self, metadata: Iterable[MetaData]) -> None:
        tables = [table for part in metadata for table in part.tables.values()]
        self._held = [(table, set(table.constraints), set(table.indexes)) for table in tables]

    def put_back(self) -> None:
        """Take out of the tables what has been added to them since."""
        for table, constraints, indexes in self._held:
            table.constraints.intersection_update(constraints)
            table.indexes.intersection_update(indexes)
