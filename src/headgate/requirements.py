"""What a project says it needs, and what of that is not installed here.

The forms are those of https://packaging.python.org/en/latest/specifications/dependency-specifiers/ as far as the name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import metadata
from itertools import takewhile
from pathlib import Path
from typing import Any

__all__ = ["command", "declared", "missing"]

_LOCKS = {
    "uv.lock": "uv sync",
    "poetry.lock": "poetry install",
    "pdm.lock": "pdm install",
    "Pipfile.lock": "pipenv install",
}


def declared(folder: Path) -> Iterator[str]:
    """Give the names of all packages that a project's files name, in extras and groups too, in lower case with dashes.

    Args:
        folder: the folder of its `requirements*.txt` and `pyproject.toml`.
    """
    for path in sorted(folder.glob("requirements*.txt")):
        yield from (_name(line) for line in _lines(path))
    project, groups, poetry = _tables(folder / "pyproject.toml")
    listed = [project.get("dependencies"), *_values(project.get("optional-dependencies")), *_values(groups)]
    yield from (_name(line) for group in listed for line in _texts(group))
    yield from map(_name, poetry)


def missing(folder: Path) -> tuple[str, ...]:
    """Give what a project cannot do without and is not installed in this environment, as it is written there.

    Args:
        folder: the folder of its `requirements.txt` and `pyproject.toml`.
    """
    project, _, poetry = _tables(folder / "pyproject.toml")
    lines = [*_lines(folder / "requirements.txt"), *_texts(project.get("dependencies"))]
    # One with a marker may be meant for another machine; so may a table of Poetry's.
    names = [_written(line) for line in lines if ";" not in line]
    names += [name for name, version in poetry.items() if isinstance(version, str) and name != "python"]
    return tuple(dict.fromkeys(name for name in names if name and not _is_installed(name)))


def command(folder: Path) -> str:
    """Give the command that installs what a project needs."""
    for lock, install in _LOCKS.items():
        if (folder / lock).is_file():
            return install
    return f"python -m pip install {'-r requirements.txt' if (folder / 'requirements.txt').is_file() else '-e .'}"


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _written(line: str) -> str:
    return "".join(takewhile(lambda letter: letter.isalnum() or letter in "-_.", line.strip()))


def _name(line: str) -> str:
    return _written(line).lower().replace("_", "-").replace(".", "-")


def _lines(path: Path, seen: frozenset[Path] = frozenset()) -> Iterator[str]:
    """The requirements in a file of pip's and in those that it includes; its other options name none."""
    if path in seen or not path.is_file():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        option, _, value = line.strip().partition(" ")
        if option in ("-r", "--requirement"):
            yield from _lines(path.parent / value.strip(), seen | {path})
        elif option and option[0] not in "#-" and "://" not in option and option[0] not in "./":
            yield line


def _tables(path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """`[project]`, `[dependency-groups]` and Poetry's dependencies."""
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}, {}, {}
    poetry = _table(_table(_table(read.get("tool")).get("poetry")).get("dependencies"))
    return _table(read.get("project")), _table(read.get("dependency-groups")), poetry


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _values(value: object) -> list[Any]:
    return list(_table(value).values())


def _texts(value: object) -> list[str]:
    return [line for line in value if isinstance(line, str)] if isinstance(value, list) else []
