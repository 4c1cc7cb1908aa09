"""The connection that tables are filled on: settings for as long as it takes, and attempts that may fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import tuple_row

__all__ = ["Session", "reason"]

# Nested loops over tables without statistics turn a fill quadratic; rows made one by one need one plan; they must not
# depend on the session's time zone; what a trigger has to say is not said to anyone.
# https://www.postgresql.org/docs/18/runtime-config-query.html
_SETTINGS = {
    "TimeZone": "UTC",
    "client_min_messages": "error",
    "default_statistics_target": "10",
    "default_transaction_read_only": "off",
    "enable_nestloop": "off",
    "plan_cache_mode": "force_generic_plan",
    "max_parallel_workers_per_gather": "0",
    "standard_conforming_strings": "on",
}


class Session:
    """Statements on one connection, under settings that end with the transaction.

    Args:
        connection: open, with or without autocommit.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._encoding = connection.info.encoding
        self.unicode = connection.info.parameter_status("server_encoding") == "UTF8"
        self.major = connection.info.server_version // 10000

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block in a transaction, or in a savepoint of the one that is open."""
        with self._connection.transaction():
            self.run(
                "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in _SETTINGS.items())
            )
            # A deferred constraint must refuse a row here, not at the end: sql-set-constraints.html
            self.run("SET CONSTRAINTS ALL IMMEDIATE")
            yield

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Run a block that may fail and be undone by itself."""
        with self._connection.transaction():
            yield

    def run(self, statement: str) -> int:
        """Run a statement and give the number of rows that it touched."""
        with self._connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(statement.encode(self._encoding)).rowcount

    def rows(self, statement: str) -> Sequence[tuple[Any, ...]]:
        """Run a query and give its rows."""
        with self._connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(statement.encode(self._encoding)).fetchall()

    def value(self, query: str) -> Any:
        """Run a query of one row and one column."""
        return self.rows(query)[0][0]

    def refusal(self, statement: str) -> str | None:
        """Try a statement in a savepoint, undone when it fails, and give the server's reason; `None` when it worked."""
        try:
            with self.savepoint():
                self.run(statement)
        except psycopg.Error as error:
            if self._connection.broken:
                raise
            return reason(error)
        return None


def reason(error: psycopg.Error) -> str:
    """Give the server's first line of an error."""
    return error.diag.message_primary or str(error).partition("\n")[0]
