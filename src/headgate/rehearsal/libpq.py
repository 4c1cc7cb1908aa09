"""psycopg2's own connection, asked below psycopg2: the library that it is linked with, and the pointer that it gives.

psycopg2 keeps the last result of several statements only, and begins a transaction before any. Its `pgconn_ptr` is
there for this: https://www.psycopg.org/docs/connection.html#connection.pgconn_ptr
Functions: https://www.postgresql.org/docs/current/libpq-exec.html and libpq-notice-processing.html
"""

from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_int, c_void_p
from typing import Any

from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus

from headgate.rehearsal.session import Notice, Row, Session

__all__ = ["Psycopg2Session"]

_RECEIVER = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "PQclear": (None, [c_void_p]),
    "PQerrorMessage": (c_char_p, [c_void_p]),
    "PQexec": (c_void_p, [c_void_p, c_char_p]),
    "PQgetResult": (c_void_p, [c_void_p]),
    "PQgetisnull": (c_int, [c_void_p, c_int, c_int]),
    "PQgetvalue": (c_char_p, [c_void_p, c_int, c_int]),
    "PQnfields": (c_int, [c_void_p]),
    "PQntuples": (c_int, [c_void_p]),
    "PQresultErrorField": (c_char_p, [c_void_p, c_int]),
    "PQresultErrorMessage": (c_char_p, [c_void_p]),
    "PQresultStatus": (c_int, [c_void_p]),
    "PQsendQuery": (c_int, [c_void_p, c_char_p]),
    "PQsetNoticeReceiver": (c_void_p, [c_void_p, _RECEIVER, c_void_p]),
}


class Psycopg2Session(Session):
    """A connection of psycopg2.

    Args:
        connection: one that is not asynchronous.
    """

    def __init__(self, connection: Any) -> None:
        import psycopg2

        self.error = psycopg2.Error
        self._connection, self._psycopg2 = connection, psycopg2
        self._libpq = _libpq(psycopg2)
        self._receiver: Any = None
        self._notice: Notice | None = None

    @property
    def closed(self) -> bool:
        return bool(self._connection.closed)

    @property
    def autocommit(self) -> bool:
        return bool(self._connection.autocommit)

    @property
    def status(self) -> TransactionStatus:
        if self._connection.closed:
            return TransactionStatus.UNKNOWN
        return TransactionStatus(self._connection.info.transaction_status)

    @property
    def version(self) -> int:
        return int(self._connection.server_version)

    @property
    def process(self) -> int:
        return int(self._connection.info.backend_pid)

    def parameters(self) -> dict[str, Any]:
        info = self._connection.info
        return {**info.dsn_parameters, "port": info.port, "password": info.password}

    def send(self, statement: str) -> None:
        result = self._libpq.PQexec(self._connection.pgconn_ptr, statement.encode())
        try:
            if self._libpq.PQresultStatus(result) not in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
                code = self._field(result, DiagnosticField.SQLSTATE)
                failure = self._psycopg2.errors.lookup(code) if code else self._psycopg2.OperationalError
                raise failure(self._text(self._libpq.PQresultErrorMessage(result)) or "the session has ended")
        finally:
            self._libpq.PQclear(result)

    def listen(self, notice: Notice) -> None:
        self._notice = notice
        if self._receiver is None:
            # Held here, because libpq holds no reference to it.
            self._receiver = _RECEIVER(self._received)
            self._libpq.PQsetNoticeReceiver(self._connection.pgconn_ptr, self._receiver, None)

    def query(self, queries: tuple[str, ...]) -> tuple[list[list[Row]], str | None]:
        libpq, connection = self._libpq, self._connection.pgconn_ptr
        answers: list[list[Row]] = []
        failure = None
        if not libpq.PQsendQuery(connection, ";".join(queries).encode()):
            return answers, self._text(libpq.PQerrorMessage(connection))
        while result := libpq.PQgetResult(connection):
            status = libpq.PQresultStatus(result)
            if status == ExecStatus.TUPLES_OK:
                answers.append(
                    [
                        [self._value(result, row, column) for column in range(libpq.PQnfields(result))]
                        for row in range(libpq.PQntuples(result))
                    ]
                )
            elif status != ExecStatus.COMMAND_OK:
                failure = self._text(libpq.PQresultErrorMessage(result))
            libpq.PQclear(result)
        return answers, failure

    def _received(self, _argument: Any, result: Any) -> None:
        message = self._field(result, DiagnosticField.MESSAGE_PRIMARY)
        severity = self._field(result, DiagnosticField.SEVERITY_NONLOCALIZED)
        # psycopg2 no longer hears of it, and the project may read its list.
        self._connection.notices.append(f"{severity}:  {message}\n")
        if self._notice:
            self._notice(self._field(result, DiagnosticField.SQLSTATE), message)

    def _field(self, result: Any, field: int) -> str | None:
        return self._text(self._libpq.PQresultErrorField(result, int(field)))

    def _value(self, result: Any, row: int, column: int) -> str | None:
        if self._libpq.PQgetisnull(result, row, column):
            return None
        return self._text(self._libpq.PQgetvalue(result, row, column))

    def _text(self, value: bytes | None) -> str | None:
        return None if value is None else value.decode(errors="replace")


def _libpq(psycopg2: Any) -> Any:
    """The functions of the very library that psycopg2 is linked with; another one must not touch its connections."""
    library = ctypes.CDLL(psycopg2._psycopg.__file__)
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
