"""The prepared cluster: what `initdb` makes, made once for each build of PostgreSQL and copied from then on.

https://www.postgresql.org/docs/current/app-initdb.html
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.postgres.account import Account, identity
from headgate.postgres.binaries import Binaries
from headgate.postgres.folders import Tally, copy_tree, discard, publish, writing
from headgate.postgres.kept import Kept, environment

__all__ = ["SUPERUSER", "copy_cluster", "forget_cluster"]

SUPERUSER = "postgres"


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
        except FileNotFoundError:
            pass  # Files are missing, or another process is just replacing the entry.
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


def _home(binaries: Binaries, cache: Path) -> Path:
    options = hashlib.sha256(" ".join(_options(binaries)).encode()).hexdigest()[:8]
    return cache / "clusters" / f"{binaries.build}-{options}"


def _options(binaries: Binaries) -> list[str]:
    # The same order and case rules on every machine: those of C.UTF-8, which macOS lacks and PostgreSQL 17 has built in.
    if binaries.major >= 17:
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    elif sys.platform == "darwin":
        locale = ["--locale=C", "--lc-ctype=UTF-8"]
    else:
        locale = ["--locale=C.UTF-8", "--lc-messages=C"]
    return ["--encoding=UTF8", *locale, f"--username={SUPERUSER}", "--auth=trust", "--no-sync", "--no-instructions"]


def _prepare(binaries: Binaries, folder: Path, account: Account | None) -> Tally:
    with Kept(account) as kept:
        kept.hand_over()
        done = subprocess.run(  # noqa: S603
            [binaries.bin / "initdb", *_options(binaries), "--pgdata", f"{kept.path}/data"],
            cwd=kept.path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            **identity(account),
        )
        if done.returncode:
            said = [
                line for line in done.stderr.splitlines() if "rror" in line or "FATAL" in line or "could not" in line
            ]
            raise HeadgateError(
                f"initdb of PostgreSQL {binaries.version} failed in {Path(kept.path).parent}: "
                f"{(said or done.stderr.splitlines() or ['it gave no reason'])[0].strip()}",
                "When the disk is full, set TMPDIR to a folder with 200 MB free; else set HEADGATE_POSTGRES_URL to a "
                "server on which scratch databases may be made.",
            )
        folder.mkdir()
        return copy_tree(Path(kept.path, "data"), folder / "data")
