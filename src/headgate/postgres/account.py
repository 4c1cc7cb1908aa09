"""Whom PostgreSQL runs as, since it refuses to run as root.

"The server may not be run as root": https://www.postgresql.org/docs/current/server-start.html and
https://www.postgresql.org/docs/current/postgres-user.html.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from headgate.errors import HeadgateError

__all__ = ["SHARED", "Account", "Identity", "identity", "reachable", "service_account"]

# Where root keeps what another account must be able to read, when the folders of the settings lie below /root.
SHARED = Path("/var/lib/headgate")

_NAMES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The account that a server runs as when headgate itself runs as root."""

    name: str
    uid: int
    gid: int


class Identity(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that switch the user."""

    user: int
    group: int
    extra_groups: Sequence[int]


def service_account() -> Account | None:
    """Give the account to switch to; `None` when headgate does not run as root, and nothing need be switched.

    Raises:
        HeadgateError: the machine has none of the accounts that a server could run as.
    """
    if os.geteuid() != 0:
        return None
    for name in _NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise HeadgateError(
        f"PostgreSQL refuses to run as root, and this machine has no user named {' or '.join(_NAMES)}.",
        "Run headgate as an ordinary user, or add one: `useradd --system postgres`.",
    )


def identity(account: Account | None) -> Identity:
    """Give the arguments that make `subprocess.Popen` switch to an account; none for `None`."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": ()}


def reachable(path: Path, account: Account | None) -> bool:
    """Say whether an account may enter a folder and all that lead to it, as far as they exist.

    Args:
        path: an absolute path.
        account: the account; `None` stands for the caller, who finds out by trying.
    """
    if account is None:
        return True
    for folder in (path, *path.parents):
        try:
            status = folder.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISDIR(status.st_mode):
            continue  # A file in the folder's place is for whoever writes there to report.
        shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
        needed = 0o5 if folder == path else 0o1  # Above the folder itself it is enough to pass through.
        if (status.st_mode >> shift) & needed != needed:
            return False
    return True
