"""A session as tracing needs it, whatever driver the revision opened it with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus

from headgate.errors import HeadgateError

__all__ = ["Notice", "PsycopgSession", "Row", "Session"]

Row = list[str | None]
Notice = Callable[[str | None, str | None], None]
"""Is given the code and the message of what the server tells."""


class Session(ABC):
    """What is asked of a driver's connection; nothing that is done through it is watched."""

    error: type[Exception]
    """What the driver raises when the server refuses something."""

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether it has ended."""

    @property
    @abstractmethod
    def autocommit(self) -> bool:
        """Whether a statement outside a transaction begins none."""

    @property
    @abstractmethod
    def status(self) -> TransactionStatus:
        """Where it stands; `UNKNOWN` when it is gone."""

    @property
    @abstractmethod
    def version(self) -> int:
        """The server's version, as in 180004."""

    @property
    @abstractmethod
    def process(self) -> int:
        """The server process that serves it."""

    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """How psycopg connects to the same database as the same user."""

    @abstractmethod
    def send(self, statement: str) -> None:
        """Send a statement.

        Raises:
            Exception: of the class `error`, when the server refused it.
        """

    @abstractmethod
    def listen(self, notice: Notice) -> None:
        """Have a function told what the server tells, until the next one is given."""

    @abstractmethod
    def query(self, queries: tuple[str, ...]) -> tuple[list[list[Row]], str | None]:
        """Send statements in one transaction.

        Returns:
            The rows of each that has some, and what went wrong.
        """

    def ask(self, *queries: str) -> list[list[Row]]:
        """Give the rows of each query.

        Raises:
            HeadgateError: they cannot be read.
        """
        answers, failure = self.query(queries)
        if failure is not None or len(answers) < len(queries):
            raise _unreadable(failure)
        return answers

    def ask_aside(self, *queries: str) -> list[list[Row]]:
        """Give the rows of each query, in a transaction that is under way, and leave no lock and no setting in it."""
        last = ("ROLLBACK TO SAVEPOINT headgate", "RELEASE SAVEPOINT headgate")
        answers, failure = self.query(("SAVEPOINT headgate", *queries, *last))
        if failure is not None or len(answers) < len(queries):
            raise _unreadable(failure)
        return answers


class PsycopgSession(Session):
    """A connection of psycopg.

    Args:
        connection: an asynchronous one or not.
    """

    error = psycopg.Error

    def __init__(self, connection: psycopg.BaseConnection[Any]) -> None:
        self._connection, self._pgconn = connection, connection.pgconn
        self._notice: Notice | None = None
        self._listens = False

    @property
    def closed(self) -> bool:
        return self._connection.closed

    @property
    def autocommit(self) -> bool:
        return self._connection.autocommit

    @property
    def status(self) -> TransactionStatus:
        return TransactionStatus(self._pgconn.transaction_status)

    @property
    def version(self) -> int:
        return self._connection.info.server_version

    @property
    def process(self) -> int:
        return self._connection.info.backend_pid

    def parameters(self) -> dict[str, Any]:
        info = self._connection.info
        # libpq leaves out what is its own default, and takes it from PGPORT then.
        return {**info.get_parameters(), "port": info.port, "password": info.password}

    def send(self, statement: str) -> None:
        result = self._pgconn.exec_(statement.encode())
        if result.status not in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
            raise psycopg.errors.error_from_result(result, encoding=self._connection.info.encoding)

    def listen(self, notice: Notice) -> None:
        self._notice = notice
        if not self._listens:
            self._connection.add_notice_handler(self._noticed)
            self._listens = True

    def query(self, queries: tuple[str, ...]) -> tuple[list[list[Row]], str | None]:
        # In one string: one round trip, and outside a transaction one of its own.
        self._pgconn.send_query(";".join(queries).encode())
        answers: list[list[Row]] = []
        failure = None
        while (result := self._pgconn.get_result()) is not None:
            if result.status == ExecStatus.TUPLES_OK:
                answers.append(
                    [
                        [_text(result.get_value(row, column)) for column in range(result.nfields)]
                        for row in range(result.ntuples)
                    ]
                )
            elif result.status != ExecStatus.COMMAND_OK:
                failure = result.get_error_message()
        return answers, failure

    def _noticed(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        if self._notice:
            self._notice(diagnostic.sqlstate, diagnostic.message_primary)


def _unreadable(failure: str | None) -> HeadgateError:
    return HeadgateError(
        f"What the revision did cannot be read from its own session: {failure or 'the session has ended'}",
        "Let the revision leave the session able to read pg_catalog, with a statement_timeout above 1 ms.",
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")
