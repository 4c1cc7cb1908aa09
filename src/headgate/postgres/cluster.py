"""The prepared cluster: what `initdb` makes, made once for each build of PostgreSQL and copied from then on.

https://www.postgresql.org/docs/current/app-initdb.html
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.postgres.account import Account
from headgate.postgres.binaries import Binaries
from headgate.postgres.folders import Tally, copy_tree, discard, publish, writing
from headgate.postgres.kept import Kept, last_words

__all__ = ["SUPERUSER", "copy_cluster", "forget_cluster", "initdb"]

SUPERUSER = "postgres"

# The log's first segment would be half of what each start has to copy.
_SCRATCH_OPTIONS = ("--no-sync", "--wal-segsize=1")


def copy_cluster(binaries: Binaries, target: Path, account: Account | None, cache: Path) -> None:
    """Copy the prepared cluster, and prepare it first when the cache has none that is whole.

    Args:
        binaries: the build that the cluster is for.
        target: the data directory to make.
        account: the owner of the copy; `None` for the caller.
        cache: the folder that keeps prepared clusters.

    Raises:
        HeadgateError: the cache cannot be written, or `initdb` fails.
        OSError: the target cannot be written.
    """
    home = _home(binaries, cache)
    for _ in range(2):
        with writing(cache, "HEADGATE_CACHE"):
            promised = publish(home, lambda folder: _prepare(binaries, folder, account), account=None)
        try:
            if copy_tree(home / "data", target, account) == promised:
                return
        except OSError as error:
            if not str(error.filename).startswith(os.fspath(home)):
                raise  # It is the target that refuses.
        # The entry is damaged, or another process is just replacing it.
        shutil.rmtree(target, ignore_errors=True)
        forget_cluster(binaries, cache)
    raise HeadgateError(
        f"The prepared PostgreSQL cluster {home} is damaged as soon as it is made.",
        "Set HEADGATE_CACHE to a folder on another disk, then run the command again.",
    )


def forget_cluster(binaries: Binaries, cache: Path) -> None:
    """Throw the prepared cluster away, so that the next copy is of a new one.

    Raises:
        HeadgateError: the cache cannot be written.
    """
    with writing(cache, "HEADGATE_CACHE"):
        discard(_home(binaries, cache))


def initdb(
    binaries: Binaries,
    data: Path,
    run: Callable[[Sequence[str]], tuple[int, str]],
    *options: str,
    variable: str,
) -> None:
    """Make a cluster, with the same order and case rules on every machine.

    Args:
        binaries: the build to make it with.
        data: the data directory to make, in a folder that the server's account may write.
        run: runs a command as that account, and gives its exit code and its error output.
        options: further options of `initdb`.
        variable: the environment variable that chooses another folder.

    Raises:
        HeadgateError: `initdb` fails.
    """
    program = os.fspath(binaries.bin / "initdb")
    code, said = run([program, *_options(binaries), *options, "--pgdata", os.fspath(data)])
    if code:
        raise HeadgateError(
            f"initdb of PostgreSQL {binaries.version} failed in {data.parent.parent}: {last_words(said)}",
            f"Mend what it names; for want of space, set {variable} to a folder on another disk.",
        )


def _home(binaries: Binaries, cache: Path) -> Path:
    words = " ".join([*_options(binaries), *_SCRATCH_OPTIONS])
    return cache / "clusters" / f"{binaries.build}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"


def _options(binaries: Binaries) -> list[str]:
    # C.UTF-8 is what macOS lacks and PostgreSQL 17 has built in.
    if binaries.major >= 17:
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    elif sys.platform == "darwin":
        locale = ["--locale=C", "--lc-ctype=UTF-8"]
    else:
        locale = ["--locale=C.UTF-8", "--lc-messages=C"]
    return ["--encoding=UTF8", *locale, f"--username={SUPERUSER}", "--auth=trust", "--no-instructions"]


def _prepare(binaries: Binaries, folder: Path, account: Account | None) -> Tally:
    with Kept(account) as kept:
        kept.hand_over()
        initdb(binaries, kept.path / "data", kept.run, *_SCRATCH_OPTIONS, variable="TMPDIR")
        folder.mkdir()
        return copy_tree(kept.path / "data", folder / "data")
