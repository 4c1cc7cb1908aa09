"""Which driver a project's migrations use: what a URL names, else what the project's requirements name."""

from __future__ import annotations

from headgate import requirements
from headgate.adoption.environment import Environment, driver_of
from headgate.config import DRIVERS
from headgate.errors import HeadgateError
from headgate.project import Project

__all__ = ["checked", "driver"]

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
    declared = _declared(found)
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


def _declared(found: Project) -> list[str]:
    """The drivers among the requirements of a project."""
    folders = dict.fromkeys((found.config.root, found.folder))
    names = [name for folder in folders for name in requirements.declared(folder)]
    return list(dict.fromkeys(_PACKAGES[name] for name in names if name in _PACKAGES))


def checked(name: str) -> str:
    """Give the driver that the user named.

    Raises:
        HeadgateError: it is none that headgate can hand a URL to.
    """
    if name not in DRIVERS:
        raise HeadgateError(
            f"{name} is not a driver that headgate can hand a URL to.",
            f"Choose one of {', '.join(DRIVERS)}: headgate init --driver {DRIVERS[0]}",
        )
    return name
