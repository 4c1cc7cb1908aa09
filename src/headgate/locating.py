"""Where a repository's Alembic projects are: an `alembic.ini`, another ini file, or `[tool.alembic]`.

Since 1.16 Alembic reads `pyproject.toml` too, and an ini file beside it for the rest:
https://alembic.sqlalchemy.org/en/latest/tutorial.html#using-pyproject-toml-for-configuration
"""

from __future__ import annotations

import configparser
import importlib.util
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.errors import HeadgateError

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

__all__ = ["alembic_config", "candidates", "databases", "only_file", "section_of", "sections", "tool_table", "url_in"]

# Deep enough for services/<name>/src/<package>/, and an empty home folder is still answered at once.
_DEPTH = 5
_NAMED = 4
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__"})
_LARGEST = 100_000  # bytes of an ini file


def _in_package(location: str, file: Path) -> Path | str:
    """The folder that `package:folder` means, found without the import of the package, which may read settings."""
    package, *parts = location.split(":")
    top, *below = package.split(".")
    for above in file.resolve().parents:  # the checkout's own before one that is installed
        here = above.joinpath(top, *below, *parts)
        if (here / "env.py").is_file():
            return here
    spec = importlib.util.find_spec(top)
    found = spec.submodule_search_locations if spec else None
    return Path(next(iter(found)), *below, *parts) if found else location


def alembic_config(
    file: Path, section: str = "alembic", *, folder: Path | None = None, x: tuple[str, ...] = ()
) -> AlembicConfig:
    """Give the configuration object that Alembic's own command line would make.

    Args:
        file: an ini file, or the `pyproject.toml` with `[tool.alembic]`. The other one beside it is read as well.
        section: the section of the ini file.
        folder: where Alembic runs; a relative `script_location` is there.
        x: the arguments of `-x`.
    """
    import argparse

    from alembic.config import Config

    toml = file if file.suffix == ".toml" else file.with_name("pyproject.toml")
    ini = file if file.suffix != ".toml" else file.with_name("alembic.ini")
    options = argparse.Namespace(x=list(x)) if x else None
    config = Config(
        str(ini) if ini.is_file() else None,
        toml_file=str(toml) if tool_table(toml) else None,
        ini_section=section,
        cmd_opts=options,
    )
    location = config.get_alembic_option("script_location")
    if location is None and (file.parent / "env.py").is_file():
        # Flask-Migrate's ini file lies in the folder of env.py and does not name it.
        location = str(file.resolve().parent)
    if isinstance(location, str):
        where = _in_package(location, file) if ":" in location else folder / location if folder else Path(location)
        config.set_main_option("script_location", str(where).replace("%", "%%"))
    return config


def candidates(root: Path) -> list[Path]:
    """Give the files below a folder that configure Alembic, one for each project.

    Args:
        root: the folder. Virtual environments, hidden folders and packages of others are left out.
    """
    usual: list[Path] = []
    other: list[Path] = []
    for folder, below, names in os.walk(root):
        here = Path(folder)
        if "pyvenv.cfg" in names or len(here.relative_to(root).parts) >= _DEPTH:
            below.clear()
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in _SKIPPED)
        if "alembic.ini" in names:
            usual.append(here / "alembic.ini")
        elif "pyproject.toml" in names and tool_table(here / "pyproject.toml"):
            usual.append(here / "pyproject.toml")
        else:
            inis = (here / name for name in sorted(names) if name.endswith((".ini", ".cfg")))
            other += [path for path in inis if path.stat().st_size < _LARGEST and sections(path)]
    return usual or other


def only_file(root: Path) -> Path:
    """Give the one file below a folder that configures Alembic.

    Raises:
        HeadgateError: there is none, or there are several.
    """
    found = candidates(root)
    if not found:
        raise HeadgateError(
            f"There is no Alembic project in {root}: no alembic.ini there or in a folder below.",
            "Go to the project's folder, or set alembic in [tool.headgate] to the path of its ini file.",
        )
    if len(found) > 1:
        names = [path.relative_to(root).as_posix() for path in found[:_NAMED]]
        rest = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise HeadgateError(
            f"There are {len(found)} Alembic projects in {root}: {', '.join(names)}{rest}.",
            "Choose one: set alembic in [tool.headgate] to its path.",
        )
    return found[0]


def sections(file: Path) -> tuple[str, ...]:
    """Give the sections of an ini file that are Alembic environments: those that name a `script_location`."""
    parser = _parsed(file)
    return tuple(name for name in parser.sections() if parser.has_option(name, "script_location"))


def section_of(file: Path, wanted: str) -> str:
    """Give the section that is meant: the wanted one, or the only one where the file has no `[alembic]`.

    Raises:
        HeadgateError: the file has several and not that one.
    """
    named = sections(file)
    if not named or wanted in named or _parsed(file).has_section(wanted):
        return wanted
    if wanted == "alembic" and len(named) == 1:
        return named[0]
    raise HeadgateError(
        f"{file} has no section [{wanted}]; its environments are {', '.join(f'[{name}]' for name in named)}.",
        f'Choose one: set section = "{named[0]}" in [tool.headgate].',
    )


def databases(file: Path, section: str) -> tuple[str, ...]:
    """Give the names in `databases` of the multidb template: one env.py for several, each with a section of its own."""
    if file.suffix == ".toml":
        file = file.with_name("alembic.ini")
    parser = _parsed(file)
    listed = parser.get(section, "databases", fallback="") if parser.has_section(section) else ""
    return tuple(name for name in (part.strip() for part in listed.split(",")) if name)


def url_in(file: Path, section: str) -> str:
    """Give `sqlalchemy.url` of a section as it stands there, with the `%` that escape one; empty where it has none."""
    return _parsed(file).get(section, "sqlalchemy.url", fallback="")


def tool_table(pyproject: Path) -> Mapping[str, Any]:
    """Give `[tool.alembic]` of a `pyproject.toml`; empty where there is none, or the file is broken."""
    try:
        text = pyproject.read_text(encoding="utf-8")
        table = tomllib.loads(text).get("tool", {}).get("alembic") if "alembic" in text else None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError):
        return {}
    return table if isinstance(table, dict) else {}


def _parsed(file: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    try:
        if file.suffix != ".toml":
            parser.read_string(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, configparser.Error):
        return configparser.RawConfigParser()
    return parser
