"""A private temporary folder, and the server in it, that go away with the process that asked for them.

`Kept` is the caller's side of `keeper.py`. What neither of the two could remove, because the keeper itself was
killed, is removed by the next `Kept`: a folder is abandoned when nobody holds the lock on it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from headgate.errors import HeadgateError
from headgate.postgres import keeper
from headgate.postgres.account import Account, identity, reachable
from headgate.postgres.folders import writing

__all__ = ["PORT", "Kept", "answers", "environment", "socket_fits"]

# A server listens on a socket in a private folder, so every one may have the same port.
PORT = 5432

_PREFIX = "headgate-scratch-"
_NAME = re.compile(_PREFIX + "[0-9a-f]{8}")
_MEMORY = Path("/dev/shm")
_ROOMY_BYTES = 2 << 30
_TEMPORARY_VARIABLES = ("TMPDIR", "TEMP", "TMP")
# sun_path holds 108 bytes on Linux and 104 on macOS, with the closing zero.
_SOCKET_PATH_BYTES = 103
# They separate hosts in a connection string, or start an escape or an abstract socket there.
_SOCKET_PATH_EXCLUDED = frozenset(",\"'\\%@")


class Kept:
    """A temporary folder that is removed, and whose server is stopped, when the block or the process ends.

    Args:
        account: who owns the folder and runs the server; `None` for the caller.

    Raises:
        HeadgateError: no temporary folder can be made.
    """

    def __init__(self, account: Account | None) -> None:
        self.account = account
        with writing(Path(os.environ.get("TMPDIR", "/tmp")), "TMPDIR"):
            bases = _bases(account)
        for base in bases:
            _sweep(base, account)
        with writing(bases[0], "TMPDIR"):
            self.path, lock = _make(bases[0])
        self._owner = os.getpid()
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, self.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A test runner that waits for the end of our error output must not wait for the keeper's.
            stderr=subprocess.DEVNULL,
            # Ctrl-C reaches every process of the terminal's session; this one is still needed then.
            start_new_session=True,
            pass_fds=[lock],
            text=True,
        )
        os.close(lock)
        _close_in_forked_children()
        _kept.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def hand_over(self) -> None:
        """Give the folder to the account, once what we put there is in place."""
        if self.account is not None:
            os.chown(self.path, self.account.uid, self.account.gid)

    def start(self, argv: Sequence[str]) -> None:
        """Start a server whose data is in the folder's `data`, and wait until it accepts connections.

        Raises:
            HeadgateError: the server does not start.
        """
        request = {"argv": list(argv), "environment": environment(), "identity": identity(self.account)}
        stdin, stdout = self._keeper.stdin, self._keeper.stdout
        answer = {"error": "its keeper was killed"}
        if stdin and stdout:
            try:
                stdin.write(json.dumps(request) + "\n")
                stdin.flush()
                answer = json.loads(stdout.readline() or "null") or answer
            except BrokenPipeError:
                pass
        if error := answer.get("error"):
            raise HeadgateError(
                f"PostgreSQL ({argv[0]}) cannot be used: {error}: {last_words(self.path / 'log')}",
                "Mend what it names, or set HEADGATE_POSTGRES_URL to a server on which scratch databases may be made.",
            )

    def close(self) -> None:
        """Stop the server and remove the folder. In a forked child it does neither: they are the parent's."""
        if self._owner != os.getpid():
            return
        for stream in (self._keeper.stdin, self._keeper.stdout):
            if stream:
                stream.close()
        self._keeper.wait()
        if self.path.exists():
            keeper.remove(self.path)
        _kept.discard(self)

    def _close_pipe(self) -> None:
        if self._keeper.stdin:
            self._keeper.stdin.close()


_kept: weakref.WeakSet[Kept] = weakref.WeakSet()


@cache
def _close_in_forked_children() -> None:
    """Keep a forked child (multiprocessing's fork) from holding the pipe open after its parent was killed."""

    def close() -> None:
        for kept in _kept:
            kept._close_pipe()

    os.register_at_fork(after_in_child=close)


def environment() -> dict[str, str]:
    """Give the environment for PostgreSQL's programs: nothing of the caller's settings, messages in English."""
    passed = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
    return {"LC_ALL": "C", "TZ": "UTC"} | {name: os.environ[name] for name in passed if name in os.environ}


def last_words(log: Path) -> str:
    """Give the last line of a server's log that says why it stopped."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    said = [line.partition("  ")[2] for line in lines if "FATAL:  " in line or "PANIC:  " in line]
    return (said or lines or ["it left no message"])[-1].strip()


def socket_fits(folder: Path) -> bool:
    """Say whether a server may have its socket in a folder and a client find it there by URL."""
    name = os.fspath(folder)
    return len(os.fsencode(name)) + len(f"/.s.PGSQL.{PORT}") <= _SOCKET_PATH_BYTES and not (
        _SOCKET_PATH_EXCLUDED & set(name)
    )


def answers(folder: Path) -> bool:
    """Say whether a server listens on the socket in a folder."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(f"{folder}/.s.PGSQL.{PORT}")
        except OSError:
            return False
    return True


def _bases(account: Account | None) -> list[Path]:
    """Give the folders that a temporary one could be in, best first.

    In memory a clone takes 10 ms whatever was done before; on ext4, 25 ms when fresh and 200 ms after some hundreds,
    because it is slow to reuse the inodes of files just removed.
    """
    usual = Path(tempfile.gettempdir())
    bases = [usual, Path("/tmp")]
    if not any(os.environ.get(name) for name in _TEMPORARY_VARIABLES) and _roomy(_MEMORY):
        bases.insert(0, _MEMORY)
    fitting = [base for base in dict.fromkeys(bases) if socket_fits(base / (_PREFIX + "0" * 8))]
    return [base for base in fitting if reachable(base, account)] or [Path("/tmp")]


def _roomy(folder: Path) -> bool:
    try:
        status = os.statvfs(folder)
    except OSError:
        return False
    return os.access(folder, os.W_OK) and status.f_bavail * status.f_frsize >= _ROOMY_BYTES


def _make(base: Path) -> tuple[Path, int]:
    """Make a folder and lock it; the lock lives as long as any process has the descriptor."""
    while True:
        path = base / (_PREFIX + secrets.token_hex(4))
        path.mkdir(0o700)
        descriptor = os.open(path, os.O_RDONLY)
        if _lock(descriptor) and path.exists():
            return path, descriptor
        os.close(descriptor)  # A sweep came between the two calls and took it for abandoned.


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep(base: Path, account: Account | None) -> None:
    """Remove the folders whose keeper was killed, and end their servers where the kernel did not."""
    owners = {os.geteuid(), account.uid if account else os.geteuid()}
    for path in base.iterdir():
        if not _NAME.fullmatch(path.name):
            continue
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            if os.fstat(descriptor).st_uid in owners and _lock(descriptor):
                _stop_abandoned(path, account)
                keeper.remove(path)
        finally:
            os.close(descriptor)


def _stop_abandoned(path: Path, account: Account | None) -> None:
    if not answers(path):
        return
    try:
        pid = int((path / "data" / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0])
    except (OSError, ValueError):
        return
    # As the server's own account, which wrote the number: it must not choose whom root sends a signal to.
    subprocess.run(["kill", "-QUIT", str(pid)], check=False, stderr=subprocess.DEVNULL, **identity(account))
