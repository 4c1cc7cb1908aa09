"""Folders, callers and processes for the tests of the PostgreSQL driver."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headgate.postgres import temporary
from headgate.postgres.account import service_account


class Caller:
    """A process that runs a script in a session of its own, as a shell in a terminal would start it."""

    def __init__(self, script: str, *words: object, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
            start_new_session=True,
        )

    def says(self) -> str:
        """Wait for the next line of its output; an empty one means that it has ended."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def ends(self, number: int | None = None) -> int:
        """Send a signal to the whole process group, as a terminal does, and wait for the end."""
        if number is not None:
            os.killpg(self.process.pid, number)
        return self.process.wait()


@pytest.fixture
def caller(folder: Path) -> Iterator[Callable[..., Caller]]:
    """Start callers whose temporary folder is `folder`; they are killed at the end."""
    started: list[Caller] = []

    def start(script: str, *words: object) -> Caller:
        started.append(Caller(script, *words, environment={"TMPDIR": str(folder)}))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.ends(signal.SIGKILL)
        for stream in (one.process.stdin, one.process.stdout):
            assert stream
            stream.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short folder that the server's account can enter, which pytest's own is not when root runs the tests."""
    path = Path(tempfile.mkdtemp(prefix="hg", dir=temporary.bases(service_account())[0]))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that has ended but that nobody waits for (a container without an init process) counts as ended.
    status = Path(f"/proc/{pid}/status")
    try:
        return "\nState:\tZ" not in status.read_text(encoding="utf-8") if Path("/proc/self").exists() else True
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def gone() -> Callable[..., bool]:
    """Wait until processes and folders are gone, and say whether they are."""

    def wait(*things: int | Path) -> bool:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if not any(_alive(thing) if isinstance(thing, int) else thing.exists() for thing in things):
                return True
            time.sleep(0.01)
        return False

    return wait


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Say whether a process runs."""
    return _alive


@pytest.fixture
def postmaster() -> Callable[[str | Path], tuple[int, int]]:
    """Give the process of the server in a folder, and that of its keeper."""

    def find(home: str | Path) -> tuple[int, int]:
        pid = int(Path(home, "data", "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0])
        parent = subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True)
        return pid, int(parent.stdout)

    return find
