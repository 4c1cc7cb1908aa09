"""What a review will need, imported before it is: what runs revisions in another process, what judges them in a thread.

Both go on while the server starts, and while this process waits for what runs.
"""

from __future__ import annotations

import importlib
import tempfile
from contextlib import suppress
from threading import Thread

from headgate.rehearsal import forkserver

__all__ = ["start", "wait"]

_NEEDED = ("psycopg", "headgate.report.terminal")
_running: list[Thread] = []


def start() -> None:
    """Begin to import in the background."""
    # Python tries the folder for temporary files with a file; beside a busy thread that lies there for milliseconds,
    # and a kill would leave it.
    tempfile.gettempdir()
    forkserver.start()
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
        for name in _NEEDED if forkserver.running() else (*forkserver.NEEDED, *_NEEDED):
            importlib.import_module(name)
        rules.load()
