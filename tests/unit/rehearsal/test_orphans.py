"""`headgate.rehearsal.orphans`: what a child leaves behind ends with the block."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from headgate.rehearsal.orphans import ended

LEAVES = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(7777)
    os._exit(0)
"""


def test_a_daemon_that_left_the_session_ends_with_the_block() -> None:
    """Its parent is gone and its group is its own, so neither leads to it."""
    with ended():
        child = subprocess.Popen([sys.executable, "-c", LEAVES], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        daemon = int(child.stdout.readline())
        child.wait()
        assert Path(f"/proc/{daemon}").exists()
    child.stdout.close()
    assert not Path(f"/proc/{daemon}").exists()


def test_a_process_that_was_there_goes_on() -> None:
    """The keeper of the server is one."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as before:
        with ended():
            pass
        assert before.poll() is None
        before.communicate(b"\n")
