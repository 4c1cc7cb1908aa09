"""Folders that are filled once and then only read: copied, locked, published whole or not at all.

Everything headgate keeps between runs (prepared clusters, server binaries made readable for another account) goes
through `publish`, so that a killed process or a full disk leaves either the old entry, the new one, or none.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from headgate.errors import HeadgateError
from headgate.postgres import copying
from headgate.postgres.account import Account

__all__ = ["Tally", "copy_tree", "discard", "locked", "make_folder", "publish", "published", "writing"]

_MARKER = "complete.json"


@dataclass(frozen=True)
class Tally:
    """What a copied folder holds: the number of files, and their size in bytes."""

    files: int
    size: int


@contextmanager
def writing(folder: Path, variable: str) -> Iterator[None]:
    """Turn the file system's refusals into an error that names the folder and the setting that moves it.

    Args:
        folder: the folder that the user knows.
        variable: the environment variable that chooses another one.

    Raises:
        HeadgateError: the folder cannot be written: full, read-only, not allowed, or not a folder.
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        need = "with free space" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "that can be written"
        raise HeadgateError(
            f"{folder} cannot be written: {reason}.", f"Set {variable} to a folder {need}, then run the command again."
        ) from error


def make_folder(folder: Path, account: Account | None) -> None:
    """Make a folder and those above it, and let the account pass through the new ones whatever the umask is."""
    if folder.is_dir():
        return
    make_folder(folder.parent, account)
    folder.mkdir(exist_ok=True)
    if account is not None:
        folder.chmod(0o755)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, so that one process at a time builds an entry or starts a server."""
    lock = FileLock(path)
    with lock:
        yield


def copy_tree(
    source: Path,
    target: Path,
    account: Account | None = None,
    *,
    run: Callable[[Sequence[str]], tuple[int, str]] | None = None,
) -> Tally:
    """Copy a folder of plain files, and give the copy to an account.

    Args:
        source: the folder to copy.
        target: the folder to make; it must not exist.
        account: the owner of the copy; `None` leaves it to the caller.
        run: runs a command and gives its exit code and its error output, where the copy is made in another process.

    Raises:
        OSError: a file cannot be read or written.
    """
    owner = (account.uid, account.gid) if account else None
    if run is None:
        return Tally(*copying.copy(os.fspath(source), os.fspath(target), owner))
    command = [sys.executable, "-I", "-S", copying.__file__, os.fspath(source), os.fspath(target)]
    return Tally(*copying.read_answer(run([*command, "{}:{}".format(*owner) if owner else ""])[1]))


def published(home: Path) -> Tally | None:
    """Give what an entry is said to hold; `None` when there is no complete entry."""
    try:
        return Tally(**json.loads((home / _MARKER).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def publish(home: Path, build: Callable[[Path], Tally], account: Account | None) -> Tally:
    """Give what an entry holds, and build it first when it is not there.

    Args:
        home: the folder of the entry.
        build: fills the folder it is given, which does not exist yet, and says what it holds.
        account: who must be able to read the entry; `None` for the caller.

    Raises:
        OSError: the folder cannot be written.
    """
    if found := published(home):
        return found
    make_folder(home.parent, account)
    with locked(home.with_name(f"{home.name}.lock")):
        if found := published(home):
            return found
        # Nobody else writes here while we hold the lock: what is half written was left by a killed process.
        for left in home.parent.glob(f".{home.name}.*"):
            shutil.rmtree(left)
        discard(home)
        partial = home.with_name(f".{home.name}.{secrets.token_hex(4)}")
        try:
            tally = build(partial)
            (partial / _MARKER).write_text(json.dumps({"files": tally.files, "size": tally.size}), encoding="utf-8")
            partial.rename(home)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return tally


def discard(home: Path) -> None:
    """Take an entry out of use at once, then remove it."""
    doomed = home.with_name(f".{home.name}.{secrets.token_hex(4)}")
    try:
        home.rename(doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed, ignore_errors=True)
