"""Whole clusters that are kept between runs, with databases in them that took long to make.

A kept cluster is a copy of a data directory whose server was stopped cleanly. It starts as fast as an empty one.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.postgres import binaries as programs
from headgate.postgres.account import Account, identity, service_account
from headgate.postgres.folders import Tally, copy_tree, discard, publish, published, writing
from headgate.postgres.kept import Kept, ServerStartError, environment
from headgate.postgres.scratch import drop
from headgate.postgres.server import Server, serve, start
from headgate.postgres.temporary import PORT

__all__ = ["NOTES", "kept_server"]

NOTES = "notes.json"
"""The file beside a kept cluster in which its maker says what is in it."""

_KEPT = 4
_STOP_SECONDS = 60


@contextmanager
def kept_server(
    *,
    major: int,
    cache: Path,
    key: str,
    holds: Callable[[str], bool],
    build: Callable[[Server], str],
    extensions: Collection[str] = (),
) -> Iterator[tuple[Server, str]]:
    """Start a server on a kept cluster for the length of a block; make the cluster first when there is none.

    Args:
        major: the version of PostgreSQL.
        cache: the folder that keeps clusters between runs.
        key: what the cluster was made from, as a name for a folder. The most recently used ones are kept.
        holds: says from the notes of a kept cluster whether it is still what would be made today.
        build: makes the databases on an empty server, and gives the notes.
        extensions: what the revisions ask for; a server that has them is preferred.

    Yields:
        The server, and the notes.

    Raises:
        HeadgateError: what `build` raised, or what `scratch_server` raises.
    """
    account = service_account()
    with writing(cache, "HEADGATE_CACHE"):
        binaries = programs.within_reach(programs.find(major, extensions, cache), account, cache)
        home = cache / "states" / f"{binaries.build}-{key}"
        if published(home) and not holds(_notes(home)):
            discard(home)

    def make(folder: Path) -> Tally:
        with serve(binaries, account, cache) as kept:
            server = Server(host=os.fspath(kept.path), port=PORT, version=binaries.version)
            notes = build(server)
            drop(server, "template0")  # nobody copies it here
            _stop(binaries, kept, account)
            _forget_log(binaries, kept)
            folder.mkdir()
            tally = copy_tree(kept.path / "data", folder / "data")
        (folder / NOTES).write_text(notes, encoding="utf-8")
        _forget_old(home)
        return tally

    for attempt in range(2):
        with writing(cache, "HEADGATE_CACHE"):
            promised = publish(home, make, account=None)
        kept = Kept(account)
        try:
            with writing(kept.path.parent, "TMPDIR"):
                # By the keeper, because what a rehearsal needs is being imported here meanwhile.
                run = partial(kept.run, own=True)
                whole = copy_tree(home / "data", kept.path / "data", account, run=run) == promised
            notes = _notes(home)
            if whole:
                start(kept, binaries)
        except (OSError, ServerStartError):
            whole = False
            if attempt:
                kept.close()
                raise
        except BaseException:
            kept.close()
            raise
        if whole:
            break
        kept.close()
        with suppress(OSError):
            discard(home)
    else:
        raise HeadgateError(
            f"The kept PostgreSQL cluster {home} is damaged as soon as it is made.",
            "Set HEADGATE_CACHE to a folder on another disk, then run the command again.",
        )
    with suppress(OSError):
        os.utime(home)
    with kept:
        yield Server(host=os.fspath(kept.path), port=PORT, version=binaries.version), notes


def _notes(home: Path) -> str:
    try:
        return (home / NOTES).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _stop(binaries: programs.Binaries, kept: Kept, account: Account | None) -> None:
    """Stop a server so that its data directory is whole: https://www.postgresql.org/docs/current/app-pg-ctl.html."""
    data = os.fspath(kept.path / "data")
    done = subprocess.run(
        [os.fspath(binaries.bin / "pg_ctl"), "stop", "-D", data, "-m", "fast", "-w", "-t", str(_STOP_SECONDS)],
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
        cwd="/",
        **identity(account),
    )
    if done.returncode:
        raise HeadgateError(
            f"PostgreSQL did not stop: {(done.stderr or done.stdout).strip()}",
            "Run the command again; with HEADGATE_KEEP=0 nothing is kept between runs.",
        )


def _forget_log(binaries: programs.Binaries, kept: Kept) -> None:
    """Leave out of the copy the log of what made a cluster, which would be half of it.

    A server that was stopped cleanly does not need it: https://www.postgresql.org/docs/current/app-pgresetwal.html.
    Not every build brings the program; the copy is larger then.
    """
    program = binaries.bin / "pg_resetwal"
    if program.is_file():
        kept.run([os.fspath(program), "--pgdata", os.fspath(kept.path / "data")])


def _forget_old(home: Path) -> None:
    """Remove the kept clusters that were not used for longest."""
    others = [path for path in home.parent.iterdir() if path.is_dir() and path.name[0] != "." and path != home]
    used = sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)
    for path in used[_KEPT - 1 :]:
        discard(path)
