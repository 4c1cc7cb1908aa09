"""What a careful env.py does by hand, one line each: `connect`, `options`, `comparison_engine`.

They work in any `env.py`, under plain `alembic` as under headgate's tasks.

Sources: https://www.postgresql.org/docs/current/runtime-config-client.html (the timeouts),
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS (the deployment lock),
https://www.postgresql.org/docs/current/runtime-config-connection.html (client_connection_check_interval).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from headgate.errors import HeadgateError
from headgate.redaction import display_url
from headgate.wording import first_line

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

__all__ = ["DeploymentError", "comparison_engine", "connect", "options"]

# Advisory locks are per database, so one constant serves every project: it is "headgate" as eight bytes.
DEPLOYMENT_LOCK = int.from_bytes(b"headgate", "big")
_POLL_SECONDS = 0.25


class DeploymentError(HeadgateError, CommandError):
    """An expected failure inside env.py; plain `alembic` prints a `CommandError` without a traceback."""


@contextmanager
def connect(
    engine: Engine,
    *,
    lock_timeout: str = "2s",
    statement_timeout: str = "15min",
    deploy_lock_wait: float = 60.0,
) -> Iterator[Connection]:
    """Open the one connection that a migration runs on, with its timeouts set and the deployment lock held.

    Args:
        engine: the engine of the project. Anything but PostgreSQL is connected to plainly.
        lock_timeout: how long a statement may queue for a lock, in PostgreSQL's spelling (`2s`). While it queues,
            every later reader of the table queues behind it.
        statement_timeout: how long one statement may run, in PostgreSQL's spelling.
        deploy_lock_wait: how many seconds to wait for another deployment to end.

    Yields:
        A connection that is in no transaction, so that Alembic owns the transactions.

    Raises:
        DeploymentError: the server cannot be reached, another deployment holds the lock, or a pooler hands out another
            server session for each transaction, where neither a timeout nor a session lock means anything.
    """
    try:
        connection = engine.connect()
    except DBAPIError as error:
        if _is_misread(engine.url):
            raise DeploymentError(
                'The URL of the database has an "@" too many, so what follows it was taken for the host.',
                'Write an "@" in a password as %40; nothing was changed.',
            ) from None
        raise DeploymentError(
            f"The database {display_url(engine.url.render_as_string(hide_password=False))} cannot be reached:"
            f" {first_line(error.orig)}",
            "Start the server or correct the URL; nothing was changed.",
        ) from None
    with connection:
        if connection.dialect.name != "postgresql":
            yield connection
            return
        pid = _settle(connection, {"lock_timeout": lock_timeout, "statement_timeout": statement_timeout})
        _take_deployment_lock(connection, pid, deploy_lock_wait)
        try:
            yield connection
        finally:
            _release_deployment_lock(connection)


def options() -> dict[str, Any]:
    """Give the arguments of `context.configure` that every project should have.

    Returns:
        A transaction for each revision (one that fails leaves the earlier ones applied and itself undone), types and
        server defaults compared by autogenerate, and new files named `yyyymmddhhmmss_short_description.py`.
    """
    from headgate.revisions.naming import name_revision

    return {
        "transaction_per_migration": True,
        "compare_type": True,
        "compare_server_default": True,
        "process_revision_directives": name_revision,
    }


def comparison_engine(context: Any, engine: Engine) -> Engine:
    """Give the engine that autogenerate should compare the models with.

    A development database is wherever yesterday's branch left it. So where the project uses its own development
    server, `alembic revision --autogenerate` and `alembic check` are given a scratch database that the migrations have
    just built; every other command, and every database that the user named, is left alone.

    Args:
        context: `alembic.context`.
        engine: the engine that env.py would use.

    Raises:
        DeploymentError: the migrations do not run, or no scratch server can be started.
    """
    command = getattr(context.config, "cmd_opts", None)
    compares = getattr(command, "autogenerate", False) or _command_name(command) == "check"
    if not compares or context.is_offline_mode():
        return engine
    from headgate.apply.shadow import shadow_of

    try:
        return shadow_of(context.config, engine) or engine
    except HeadgateError as error:
        raise DeploymentError(error.what, error.fix) from None


def _command_name(command: Any) -> str:
    function = (getattr(command, "cmd", None) or (None,))[0]
    return getattr(function, "__name__", "")


def _is_misread(url: URL) -> bool:
    """Whether a part of the password stands where the host should; the message about the host would show it."""
    return "@" in (url.host or "") or "?password=" in (url.password or "")


def _settle(connection: Connection, timeouts: dict[str, str]) -> int:
    wanted = {**timeouts, "application_name": "alembic"}
    if connection.scalar(text("SELECT current_setting('server_version_num')::int")) >= 140000:
        # Without it a killed client's backend goes on holding its locks until it next writes to the socket.
        wanted["client_connection_check_interval"] = "1s"
    for name, value in wanted.items():
        connection.execute(text("SELECT set_config(:name, :value, false)"), {"name": name, "value": value})
    pid = connection.scalar(text("SELECT pg_backend_pid()"))
    connection.commit()
    again, reached = connection.execute(
        text("SELECT pg_backend_pid(), current_setting('lock_timeout')::interval = CAST(:value AS interval)"),
        {"value": timeouts["lock_timeout"]},
    ).one()
    connection.commit()
    if again != pid or not reached:
        raise DeploymentError(
            "The connection goes through a pooler that changes the server session between transactions.",
            "Give Alembic a direct connection to PostgreSQL (or the pooler's session mode); nothing was changed.",
        )
    return int(again)


def _take_deployment_lock(connection: Connection, pid: int, wait: float) -> None:
    give_up = time.monotonic() + wait
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": DEPLOYMENT_LOCK}):
        connection.commit()
        if time.monotonic() >= give_up:
            raise DeploymentError(
                f"Another deployment holds the migration lock: {_holder(connection, pid)}.",
                f"Wait for it to end and run the command again (waited {wait:g} s; nothing was changed).",
            )
        time.sleep(_POLL_SECONDS)
    connection.commit()


def _holder(connection: Connection, pid: int) -> str:
    row = connection.execute(
        text(
            "SELECT a.pid, a.application_name, coalesce(host(a.client_addr), 'this machine'), a.usename,"
            " to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')"
            " FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database"
            " WHERE datname = current_database()) AND (l.classid::bigint << 32 | l.objid::bigint) = :key"
            " AND a.pid <> :pid LIMIT 1"
        ),
        {"key": DEPLOYMENT_LOCK, "pid": pid},
    ).one_or_none()
    if row is None:
        return "a session that has just ended"
    return f"pid {row[0]} ({row[1] or 'no application_name'}) of {row[3]} from {row[2]}, connected since {row[4]}"


def _release_deployment_lock(connection: Connection) -> None:
    release: Callable[[], object] = lambda: connection.scalar(  # noqa: E731
        text("SELECT pg_advisory_unlock(:key)"), {"key": DEPLOYMENT_LOCK}
    )
    try:
        connection.rollback()
        release()
        connection.commit()
    except DBAPIError:
        # The session is gone, and its lock with it; what ended it is already on its way to the user.
        connection.invalidate()
