"""The file that holds the settings, or will: what is in it now."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.errors import HeadgateError

__all__ = ["Held", "held", "text_of"]


@dataclass(frozen=True)
class Held:
    """A `headgate.toml`, or the `pyproject.toml` where there is one.

    Args:
        path: where it is.
        text: what it holds; `None` where it is not there.
        shared: whether the settings are a table among those of other tools.
        table: the settings in it; `None` where there are none yet.
    """

    path: Path
    text: str | None
    shared: bool
    table: Mapping[str, Any] | None


def held(root: Path) -> Held:
    """Give the file that the settings of a project are in, or are to be written to.

    Raises:
        HeadgateError: it cannot be read.
    """
    own, shared = root / "headgate.toml", root / "pyproject.toml"
    in_shared = shared.is_file() and not own.is_file()
    path = shared if in_shared else own
    text = text_of(path)
    try:
        read = tomllib.loads(text or "")
    except tomllib.TOMLDecodeError as error:
        raise HeadgateError(f"{path} cannot be read: {error}.", "Mend the file, then run the command again.") from error
    table = read.get("tool", {}).get("headgate") if in_shared else read or None
    return Held(path, text, in_shared, table)


def text_of(path: Path) -> str | None:
    """Give what a file holds, with its own line ends; `None` where it is not there.

    Raises:
        HeadgateError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise HeadgateError(f"{path} cannot be read: {error}.", "Mend the file, then run the command again.") from error
