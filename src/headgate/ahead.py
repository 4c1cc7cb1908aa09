"""What a rehearsal will need, imported while the server starts: both take a tenth of a second, side by side."""

from __future__ import annotations

import importlib
import tempfile
from contextlib import suppress
from threading import Thread

__all__ = ["start", "wait"]

# Children are forked from this process, so each finds them there.
_NEEDED = (
    "alembic.runtime.environment",
    "sqlalchemy.dialects.postgresql.psycopg",
    "headgate.rehearsal.run",
    "headgate.rehearsal.tracer",
    "headgate.rehearsal.preconditions",
    "headgate.rehearsal.bench",
    "headgate.report.terminal",
)
_running: list[Thread] = []


def start() -> None:
    """Begin to import in the background."""
    # Python tries the folder for temporary files with a file; beside a busy thread that lies there for milliseconds,
    # and a kill would leave it.
    tempfile.gettempdir()
    thread = Thread(target=_import, daemon=True)
    _running.append(thread)
    thread.start()


def wait() -> None:
    """Wait until nothing is imported in the background any more.

    To be called before a fork: the child would wait for ever for a lock that the importing thread held.
    """
    while _running:
        _running.pop().join()


def _import() -> None:
    from headgate import rules

    # What is missing or broken is told where it is needed.
    with suppress(Exception):
        for name in _NEEDED:
            importlib.import_module(name)
        rules.load()
