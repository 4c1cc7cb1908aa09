"""Processes that a revision leaves running: also those that left its session, as a daemon does.

On Linux a process may take in what its descendants leave behind, instead of init:
https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from headgate.postgres.place import is_server

__all__ = ["ended"]

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_ROUNDS = 10  # what is ended may itself have left something behind


@contextmanager
def ended() -> Iterator[None]:
    """End, when the block does, every process that came to this one in the meantime. Elsewhere than on Linux, none.

    The project's own server stays, which an env.py may have asked for: it is to run until somebody stops it.
    """
    if sys.platform != "linux":
        yield
        return
    before = _children()
    _take_in(True)
    try:
        yield
    finally:
        for _ in range(_ROUNDS):
            left = {pid for pid in _children() - before if not is_server(pid)}
            if not left:
                break
            for pid in left:
                with suppress(ProcessLookupError, PermissionError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
        _take_in(False)


def _take_in(wanted: bool) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted))


def _children() -> set[int]:
    own = os.getpid()
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == own}


def _parent(process: Path) -> int:
    try:
        # The name, in parentheses, may hold anything; what follows it does not:
        # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
        return int((process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
