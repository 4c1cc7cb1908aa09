"""Where an ini file says that env.py and the revisions are, kept between runs: to ask Alembic takes it 0.3 s to import.

It is asked again when a file that it reads is another one. Nothing else of those files is kept: they hold passwords.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from headgate import locating, notes
from headgate.config import Config

__all__ = ["Layout", "find"]

_FORM = 1


class Layout(NamedTuple):
    """What Alembic makes of an ini file.

    Args:
        location: `script_location` as it stands there.
        folder: where Alembic must be run for a relative one to be found.
        script: the folder of env.py.
        versions: the folders of the revisions, where the file names them.
        recursive: whether their subfolders count too.
    """

    location: str
    folder: str
    script: str
    versions: tuple[str, ...]
    recursive: bool


def find(ini: Path, config: Config) -> Layout:
    """Give the layout of the project that an ini file configures.

    Args:
        ini: the ini file, or the `pyproject.toml`.
        config: headgate's settings, with the section that is meant.

    Raises:
        Exception: what Alembic says of a broken one.
    """
    if not config.keep:
        return _asked(ini, config)
    name = hashlib.sha256(os.fsencode(ini.resolve())).hexdigest()[:16]
    kept = config.cache / "layouts" / f"{name}.json"
    key = _key(ini, config)
    found = _load(kept, key)
    if found and found.folder == os.fspath(_runs_in(ini, config, found.location)) and Path(found.script).is_dir():
        return found
    found = _asked(ini, config)
    if ":" not in found.location:  # that of a package depends on what is installed
        notes.save(kept, {key: found})
    return found


def _key(ini: Path, config: Config) -> str:
    digest = hashlib.sha256(repr((_FORM, config.section, config.root, ini)).encode())
    for file in (ini, ini.with_name("alembic.ini"), ini.with_name("pyproject.toml")):
        with suppress(FileNotFoundError):
            digest.update(file.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()


def _load(kept: Path, key: str) -> Layout | None:
    try:
        location, folder, script, versions, recursive = notes.load(kept)[key]
    except (KeyError, TypeError, ValueError):
        return None
    return Layout(location, folder, script, tuple(versions), recursive)


def _asked(ini: Path, config: Config) -> Layout:
    from alembic.script import ScriptDirectory

    location = str(locating.alembic_config(ini, config.section).get_alembic_option("script_location") or "")
    folder = _runs_in(ini, config, location)
    script = ScriptDirectory.from_config(locating.alembic_config(ini, config.section, folder=folder))
    versions = tuple(os.fspath(part) for part in script.version_locations or ())
    return Layout(
        location, os.fspath(folder), os.fspath(script.dir), versions, bool(script.recursive_version_locations)
    )


def _runs_in(ini: Path, config: Config, location: str) -> Path:
    """Where Alembic must be run for a relative `script_location` to be found: beside the ini file, or above it."""
    beside = ini.resolve().parent
    if not location or ":" in location or Path(location).is_absolute():
        return beside
    above = [folder for folder in beside.parents if folder.is_relative_to(config.root.resolve())]
    return next((folder for folder in (beside, *above) if (folder / location).is_dir()), beside)
