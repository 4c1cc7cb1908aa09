"""What a revision leaves behind in a rehearsal, and would not leave where it is deployed: there its process ends."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

__all__ = ["end_transactions", "in_this_process"]

# Headgate's own sessions are in no transaction while no move runs.
# https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
_OPEN = """
SELECT pid, backend_xid IS NOT NULL FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
  AND state LIKE 'idle in transaction%'
"""
_WAIT_MILLISECONDS = 5000


def end_transactions(own: psycopg.Connection[Any]) -> bool:
    """End the sessions of a scratch database that are still in a transaction: whoever comes next would wait for ever.

    Args:
        own: a session of headgate's own on it.

    Returns:
        Whether something was written in one of them, which is lost.
    """
    found = own.execute(_OPEN).fetchall()
    for pid, _ in found:
        own.execute("SELECT pg_catalog.pg_terminate_backend(%s, %s)", (pid, _WAIT_MILLISECONDS))
    return any(wrote for _, wrote in found)


def in_this_process(function: Callable[..., None], ended: Callable[[], None]) -> Callable[..., None]:
    """Have a process that a revision forks end where the revision does: it has the same connection, and our code.

    Args:
        function: the revision's `upgrade` or `downgrade`.
        ended: is called when it has ended without an error.
    """
    process = os.getpid()

    @functools.wraps(function)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            function(*arguments, **options)
        finally:
            if os.getpid() != process:
                os._exit(0)
        ended()

    return run
