"""A connection of asyncpg, asked through the protocol that it speaks, as if it were synchronous.

Waiting is SQLAlchemy's `await_only`: whoever asks runs in a greenlet of it, see `protocols`.
https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html
"""

from __future__ import annotations

from itertools import count
from pathlib import PurePosixPath
from typing import Any

from psycopg.pq import TransactionStatus

from headgate.rehearsal.session import Notice, Row, Session

__all__ = ["AsyncpgSession"]


class AsyncpgSession(Session):
    """A connection of asyncpg.

    Args:
        connection: the connection.
    """

    def __init__(self, connection: Any) -> None:
        from asyncpg import PostgresError
        from asyncpg.protocol.protocol import BaseProtocol

        self.error = PostgresError
        self._connection, self._protocol = connection, connection._protocol
        self._speak: Any = BaseProtocol
        self._notice: Notice | None = None
        self._listens = False
        self._numbers = count()

    @property
    def closed(self) -> bool:
        return bool(self._connection.is_closed())

    @property
    def autocommit(self) -> bool:
        return True  # it begins no transaction by itself

    @property
    def status(self) -> TransactionStatus:
        if self._connection.is_closed():
            return TransactionStatus.UNKNOWN
        if not self._connection.is_in_transaction():
            return TransactionStatus.IDLE
        # It does not tell the two apart; what failed last was not followed by anything but a rollback.
        failed = getattr(self._protocol, "headgate_failed", False)
        return TransactionStatus.INERROR if failed else TransactionStatus.INTRANS

    @property
    def version(self) -> int:
        version = self._connection.get_server_version()
        return int(version.major) * 10000 + int(version.minor)

    @property
    def process(self) -> int:
        return int(self._connection.get_server_pid())

    def parameters(self) -> dict[str, Any]:
        address, given = self._connection._addr, self._connection._params
        if isinstance(address, str):  # the path of a socket, as in /tmp/.s.PGSQL.5432
            host, port = str(PurePosixPath(address).parent), address.rpartition(".")[2]
        else:
            host, port = address[0], str(address[1])
        told = {"host": host, "port": port, "user": given.user, "dbname": given.database, "password": given.password}
        return {name: value for name, value in told.items() if value is not None}

    def send(self, statement: str) -> None:
        _wait(self._speak.query(self._protocol, statement, None))

    def listen(self, notice: Notice) -> None:
        self._notice = notice
        if not self._listens:
            self._connection.add_log_listener(self._noticed)
            self._listens = True

    def query(self, queries: tuple[str, ...]) -> tuple[list[list[Row]], str | None]:
        answers: list[list[Row]] = []
        try:
            for query in queries:
                rows = _wait(self._rows(query))
                if rows is not None:
                    answers.append(rows)
        except self.error as failure:
            return answers, str(failure)
        return answers, None

    async def _rows(self, query: str) -> list[Row] | None:
        """The protocol of several statements in one string gives no rows, so each is sent by itself.

        Under a name of its own, because the revision's own statement may be the unnamed one.
        """
        from asyncpg import Record

        speak, protocol = self._speak, self._protocol
        name = f"headgate_{next(self._numbers)}"
        state = await speak.prepare(protocol, name, query, None, record_class=Record, ignore_custom_codec=True)
        state._init_types()
        state._init_codecs()
        found = await speak.bind_execute(protocol, state, (), "", 0, True, None)
        await speak.close_statement(protocol, state, None)
        rows, status = found[0], found[1]
        if not rows and not (status or b"").startswith((b"SELECT", b"SHOW")):
            return None
        return [[_text(value) for value in row.values()] for row in rows]

    def _noticed(self, _connection: Any, message: Any) -> None:
        if self._notice:
            self._notice(message.sqlstate, message.message)


def _wait(awaitable: Any) -> Any:
    from sqlalchemy.util import await_only

    return await_only(awaitable)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.decode() if isinstance(value, bytes) else str(value)
