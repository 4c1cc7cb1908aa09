"""Have asyncpg's connections tell a tracer what they send.

All that they send goes through one class, `asyncpg.protocol.Protocol`, in Python and with few methods; what they send
of their own accord, to begin a transaction or to learn of a type, is none of the revision's statements.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from headgate.rehearsal.wire import AsyncpgSession

if TYPE_CHECKING:
    from headgate.rehearsal.passage import Passage
    from headgate.rehearsal.tracer import Tracer

__all__ = ["watch"]

Send = Callable[[], Awaitable[Any]]


def watch(tracer: Tracer, asyncpg: Any) -> None:
    """Tell a tracer of every statement, and of what is done in a session without one.

    Args:
        tracer: is asked for a passage before each statement.
        asyncpg: the module.
    """
    from asyncpg import connection, protocol, transaction

    spoken, connections, transactions = protocol.Protocol, connection.Connection, transaction.Transaction
    for name in ("query", "bind_execute", "bind_execute_many", "bind", "copy_in", "copy_out", "prepare"):
        _replace(spoken, name, _noting(tracer, name))
    _replace(spoken, "set_connection", _knowing)
    for owner, name, undoes in (
        (connections, "_introspect_types", False),
        (connections, "_introspect_type", False),
        (connections, "close", True),
        (transactions, "start", False),
        (transactions, "_Transaction__commit", False),
        (transactions, "_Transaction__rollback", True),
    ):
        _replace(owner, name, _apart(tracer, undoes))


def _replace(owner: Any, name: str, by: Callable[[Any], Any]) -> None:
    original = getattr(owner, name)
    setattr(owner, name, functools.wraps(original)(by(original)))


def _knowing(original: Any) -> Any:
    def set_connection(protocol: Any, connection: Any) -> Any:
        protocol.headgate_connection = connection
        return original(protocol, connection)

    return set_connection


def _noting(tracer: Tracer, name: str) -> Callable[[Any], Any]:
    def by(original: Any) -> Any:
        async def send(protocol: Any, *arguments: Any, **words: Any) -> Any:
            # The statement is the first argument, but for `prepare`, and is also given by name.
            given = (*arguments, *words.values())[1 if name == "prepare" else 0]
            text = given if isinstance(given, str) else str(getattr(given, "query", ""))
            passing = _Passing(tracer, protocol, text)
            if name == "bind_execute":
                return await _executed(passing, original, protocol, *arguments, **words)
            if name == "prepare":
                return await passing.prepared(lambda: original(protocol, *arguments, **words))
            again = not name.startswith("copy")
            return await passing.through(lambda: original(protocol, *arguments, **words), again=again)

        return send

    return by


async def _executed(
    passing: _Passing,
    original: Any,
    protocol: Any,
    state: Any,
    args: Any,
    portal_name: str,
    limit: int,
    return_extra: bool,
    timeout: Any,
) -> Any:
    """The server's answer is only given to who asks for more than the rows."""
    found = await passing.through(lambda: original(protocol, state, args, portal_name, limit, True, timeout))
    return found if return_extra else found[0]


class _Passing:
    """Takes one statement through its passage, which is synchronous."""

    def __init__(self, tracer: Tracer, protocol: Any, text: str) -> None:
        self._tracer, self._protocol, self._text = tracer, protocol, text
        self._answers: Sequence[str] = ()

    async def through(self, send: Send, *, again: bool = True) -> Any:
        passage = self._passage(again=again)
        if passage is None:
            return await self._sent(send)
        await _in_greenlet(passage.__enter__)
        try:
            result = await self._sent(send)
        except BaseException as error:
            if not await _in_greenlet(passage.__exit__, type(error), error, None):
                raise
        else:
            await _in_greenlet(passage.__exit__, None, None, None)
            return result
        alone = passage.alone()
        await _in_greenlet(alone.__enter__)
        try:
            result = await self._sent(send)
        except BaseException as error:
            await _in_greenlet(alone.__exit__, type(error), error, error.__traceback__)
            raise
        await _in_greenlet(alone.__exit__, None, None, None)
        return result

    async def prepared(self, send: Send) -> Any:
        """A statement that cannot be parsed is never executed."""
        passage = self._passage(again=False)
        if passage is None:
            return await send()
        try:
            return await send()
        except BaseException as error:
            self._protocol.headgate_failed = True
            await _in_greenlet(passage.failed, error)
            raise

    async def _sent(self, send: Send) -> Any:
        try:
            result = await send()
        except BaseException:
            self._protocol.headgate_failed = True
            raise
        self._protocol.headgate_failed = False
        status = result[1] if isinstance(result, tuple) and len(result) == 3 else result
        if isinstance(status, bytes | str):
            self._answers = (status.decode() if isinstance(status, bytes) else status,)
        return result

    def _passage(self, *, again: bool) -> Passage | None:
        protocol = self._protocol
        connection = getattr(protocol, "headgate_connection", None)
        if getattr(protocol, "headgate_apart", False):
            return None
        if connection is None:
            self._tracer.refuse_unseen("asyncpg")
            return None
        return self._tracer.passage(connection, AsyncpgSession, self._text, lambda: self._answers, again=again)


def _apart(tracer: Tracer, undoes: bool) -> Callable[[Any], Any]:
    """What asyncpg does in a session by itself."""

    def by(original: Any) -> Any:
        async def act(owner: Any, *arguments: Any, **words: Any) -> Any:
            connection = getattr(owner, "_connection", owner)
            protocol = connection._protocol
            if undoes:
                await _in_greenlet(tracer.undoing, connection)
            else:
                tracer.interrupted(connection)
            before = getattr(protocol, "headgate_apart", False)
            if protocol is not None:
                protocol.headgate_apart = True
            try:
                return await original(owner, *arguments, **words)
            finally:
                if protocol is not None:
                    protocol.headgate_apart = before

        return act

    return by


async def _in_greenlet(function: Callable[..., Any], *arguments: Any) -> Any:
    from sqlalchemy.util import greenlet_spawn

    return await greenlet_spawn(function, *arguments)
