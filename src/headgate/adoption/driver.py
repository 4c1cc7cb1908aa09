"""Which driver a project's migrations use: what a URL names, else what the project's requirements name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from headgate.adoption.environment import Environment, driver_of
from headgate.errors import HeadgateError
from headgate.project import Project

__all__ = ["driver"]

_SYNCHRONOUS = ("psycopg", "psycopg2")
_PACKAGES = {
    "asyncpg": "asyncpg",
    "psycopg": "psycopg",
    "psycopg-binary": "psycopg",
    "psycopg2": "psycopg2",
    "psycopg2-binary": "psycopg2",
}


def driver(environment: Environment, found: Project) -> str:
    """Give the driver: what a URL names, else the one that the project declares and this kind of env.py can use.

    Raises:
        HeadgateError: it declares several, and nothing says which one is meant.
    """
    fitting = ("asyncpg", "psycopg") if environment.asynchronous else _SYNCHRONOUS
    parser = found.alembic_config()
    given = parser.get_main_option("sqlalchemy.url") if parser.config_file_name else None
    named = [driver for driver in (driver_of(given or ""), *environment.drivers) if driver]
    declared = list(dict.fromkeys(_declared(found.config.root, found.folder)))
    for candidates in (named, declared):
        if fit := [driver for driver in dict.fromkeys(candidates) if driver in fitting]:
            if len(fit) == 1 or candidates is named:
                return fit[0]
            break
    else:
        return "asyncpg" if environment.asynchronous and "asyncpg" in declared else "psycopg"
    raise HeadgateError(
        f"The project has {' and '.join(fit)}, and nothing says which one its migrations use.",
        f"Say which: headgate init --driver {fit[0]}",
    )


def _declared(*folders: Path) -> Iterator[str]:
    """The drivers among the requirements of a project."""
    for folder in dict.fromkeys(folders):
        lines = [line for path in sorted(folder.glob("requirements*.txt")) for line in _lines(path)]
        lines += _in_pyproject(folder / "pyproject.toml")
        for line in lines:
            name = "".join(takewhile(lambda letter: letter.isalnum() or letter in "-_.", line.strip()))
            if driver := _PACKAGES.get(name.lower().replace("_", "-")):
                yield driver


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _in_pyproject(path: Path) -> list[str]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return []
    project = table.get("project", {})
    groups = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    groups += table.get("dependency-groups", {}).values()
    poetry = table.get("tool", {}).get("poetry", {}).get("dependencies", {})
    return [line for group in groups for line in group if isinstance(line, str)] + list(poetry)
