"""`headgate.ahead`: imports that go on beside the start of a server, and never beside a fork."""

from __future__ import annotations

import subprocess
import sys
import threading

from headgate import ahead
from headgate.rehearsal import child


def test_what_a_rehearsal_needs_is_there_after_the_wait() -> None:
    """In a process of its own, where nothing was imported before."""
    code = (
        "import sys; from headgate import ahead; ahead.start(); ahead.wait();"
        " print(all(name in sys.modules for name in ahead._NEEDED))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_no_thread_imports_while_a_child_is_forked() -> None:
    """A child of Linux has one thread, and whatever lock another one held stays held in it."""
    ahead.start()
    assert child.call(_threads) == 1
    assert not ahead._running
    assert not [thread for thread in threading.enumerate() if thread.daemon and thread.is_alive()]


def test_to_wait_for_nothing_is_no_trouble() -> None:
    """Most commands import nothing ahead."""
    ahead.wait()


def _threads(_emit: child.Emit) -> int:
    return threading.active_count()
