"""Where a project's own server lives: its folder, its files, and what they say.

For what `postmaster.pid` and `PG_VERSION` hold: https://www.postgresql.org/docs/current/storage-file-layout.html
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from headgate.postgres.account import SHARED, Account, reachable, service_account
from headgate.postgres.keeper import ready
from headgate.postgres.server import Server
from headgate.postgres.temporary import PORT, answers

__all__ = ["SETTINGS", "Place", "Record", "find_place", "is_owned", "is_server", "own_folder"]

SETTINGS = "headgate.conf"  # in the data directory of a project's own server, and of no other


@dataclass(frozen=True)
class Record:
    """What `server.json` says of a server, running or not."""

    root: str
    version: str
    host: str

    @property
    def server(self) -> Server:
        """How to reach it."""
        return Server(host=self.host, port=PORT, version=self.version)


@dataclass(frozen=True)
class Place:
    """Where one project's server lives, and whose it is."""

    root: Path
    home: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The data directory, there or not."""
        return self.home / "data"

    def major(self) -> int | None:
        """The major version that the data is of; `None` when there is no data."""
        try:
            return int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def record(self) -> Record | None:
        """What was written when the server last started; `None` when it never did."""
        try:
            return Record(**json.loads(self._record_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def remember(self, record: Record) -> None:
        """Write the record."""
        self.write(self._record_path, json.dumps(asdict(record), indent=2))

    @property
    def _record_path(self) -> Path:
        return self.home / "server.json"

    def running(self) -> tuple[int, Path] | None:
        """The process and the socket's folder of the server, when it accepts connections."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid, _, _, _, host, *_ = pid_file.read_text(encoding="utf-8").split("\n")
        except (OSError, ValueError):
            return None
        return (int(pid), Path(host)) if ready(pid_file) and answers(Path(host)) else None

    def write(self, path: Path, text: str) -> None:
        """Replace a file; never write through a link that the account may have put there."""
        new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        new.write_text(text, encoding="utf-8")
        if self.account is not None:
            os.chown(new, self.account.uid, self.account.gid)
        new.replace(path)


def find_place(root: Path, state: Path) -> Place:
    """Give the place of a project's server.

    Args:
        root: the project's root; its path tells projects of one name apart.
        state: the folder of the settings; as root, `SHARED` takes its place where the account cannot enter it.
    """
    root = root.resolve()
    account = service_account()
    if not reachable(state, account):
        state = SHARED / "state"
    name = re.sub(r"[^A-Za-z0-9]+", "-", root.name).strip("-")[:20]
    return Place(root, state / f"{name}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:10]}", account)


def is_server(pid: int) -> bool:
    """Say whether a process is the server of some project; only where `/proc` tells."""
    data = Path(f"/proc/{pid}/cwd")
    try:
        first = (data / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0]
        return first == str(pid) and (data / SETTINGS).exists()
    except OSError:
        return False


def is_owned(folder: Path, account: Account | None) -> bool:
    """Say whether a folder is there and belongs to whom the server runs as."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == (account.uid if account else os.geteuid())


def own_folder(folder: Path, account: Account | None) -> None:
    """Make a folder, closed to others, for whom the server runs as."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
