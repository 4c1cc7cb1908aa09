"""The folders that temporary ones are made in, and the removal of those that nobody holds any more.

A folder is abandoned when nobody holds the lock on it: the caller has it for as long as it lives.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from headgate.postgres.account import Account, identity, reachable

__all__ = ["PORT", "answers", "bases", "claim", "new_path", "socket_fits", "sweep"]

# A server listens on a socket in a private folder, so every one may have the same port.
PORT = 5432

_PREFIX = "headgate-scratch-"
_NAME = re.compile(_PREFIX + "[0-9a-f]{8}")
_MEMORY = Path("/dev/shm")
_ROOMY_BYTES = 2 << 30
_TEMPORARY_VARIABLES = ("TMPDIR", "TEMP", "TMP")
# sun_path holds 108 bytes on Linux and 104 on macOS, with the closing zero.
_SOCKET_PATH_BYTES = 103


def socket_fits(folder: Path) -> bool:
    """Say whether a server may have its socket in a folder.

    The folder stands in a URL, and many an env.py gives that to configparser as it is, which takes a percent sign for
    its own: so nothing in its path may need one.
    """
    name = os.fspath(folder)
    return quote(name, safe="/") == name and len(f"{name}/.s.PGSQL.{PORT}") <= _SOCKET_PATH_BYTES


def answers(folder: Path) -> bool:
    """Say whether a server listens on the socket in a folder."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(f"{folder}/.s.PGSQL.{PORT}")
        except OSError:
            return False
    return True


def bases(account: Account | None) -> list[Path]:
    """Give the folders that a temporary one could be in, best first.

    Memory comes first where it is roomy: ext4 is slow to reuse the inodes of files just removed, and a clone makes
    three hundred (figures in `server.py`). Who sets TMPDIR chooses for himself.
    """
    usual = Path(tempfile.gettempdir())
    found = [usual, Path("/tmp")]
    if not any(os.environ.get(name) for name in _TEMPORARY_VARIABLES) and _roomy(_MEMORY):
        found.insert(0, _MEMORY)
    fitting = [base for base in dict.fromkeys(found) if socket_fits(base / (_PREFIX + "0" * 8))]
    return [base for base in fitting if reachable(base, account)] or [Path("/tmp")]


def _roomy(folder: Path) -> bool:
    try:
        status = os.statvfs(folder)
    except OSError:
        return False
    return os.access(folder, os.W_OK) and status.f_bavail * status.f_frsize >= _ROOMY_BYTES


def new_path(base: Path) -> Path:
    """Give the path of a folder that does not exist yet."""
    return base / (_PREFIX + secrets.token_hex(4))


def claim(path: Path) -> int | None:
    """Make a folder and lock it.

    Returns:
        The descriptor that holds the lock; `None` when a sweep came between the two steps and took the folder.
    """
    path.mkdir(0o700)
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    if _lock(descriptor) and path.exists():
        return descriptor
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sweep(base: Path, account: Account | None) -> None:
    """Remove the folders whose caller and keeper were killed, and end their servers where the kernel did not."""
    owners = {os.geteuid(), account.uid if account else os.geteuid()}
    for path in base.glob(_PREFIX + "*"):
        if not _NAME.fullmatch(path.name):
            continue
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            if os.fstat(descriptor).st_uid in owners and _lock(descriptor):
                _stop_abandoned(path, account)
                shutil.rmtree(path, ignore_errors=True)
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
