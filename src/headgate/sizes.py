"""How large the production tables are: a small file that a person has read, written by `inv db.sizes`.

With it a finding on a small table is softened, and one on a large table says how much work it is. Rules read it in the
commit hook too, so that nothing is imported here that takes long.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.errors import HeadgateError

if TYPE_CHECKING:
    from headgate.config import Config

__all__ = ["Size", "changes", "load", "path", "write"]

_NAME = "headgate-sizes.toml"

_SMALL_ROWS, _SMALL_BYTES = 10_000, 10 * 1024**2
_LARGE_ROWS, _LARGE_BYTES = 1_000_000, 1024**3


@dataclass(frozen=True)
class Size:
    """How large a table is, roughly.

    Args:
        rows: about how many rows it has.
        bytes: what it takes on disk, with its indexes and what is stored out of line: what a rewrite writes anew.
    """

    rows: int
    bytes: int

    @property
    def told(self) -> str:
        """Both, as in `31 GB, 210 million rows`."""
        return f"{_bytes(self.bytes)}, {_rows(self.rows)}"

    @property
    def is_small(self) -> bool:
        """Whether work that grows with it is done before anybody notices."""
        return self.rows < _SMALL_ROWS and self.bytes < _SMALL_BYTES

    @property
    def is_large(self) -> bool:
        """Whether work that grows with it takes minutes."""
        return self.rows > _LARGE_ROWS or self.bytes > _LARGE_BYTES


def path(config: Config) -> Path:
    """Give the path of the file, whether it is there or not.

    Args:
        config: the project's settings.
    """
    return config.root / (config.sizes or _NAME)


def load(config: Config) -> Mapping[str, Size]:
    """Read the sizes of the production tables, by SQL name.

    Args:
        config: the project's settings.

    Returns:
        The sizes; none where no file was written yet.

    Raises:
        HeadgateError: the file that the settings name is not there, or it cannot be read.
    """
    file = path(config)
    if not file.exists():
        if config.sizes is None:
            return {}
        raise HeadgateError(
            f'sizes = "{config.sizes}" in [tool.headgate] names a file that is not there.',
            "Write it: inv db.sizes --from URL; or take the setting out.",
        )
    return read(file)


def read(file: Path) -> Mapping[str, Size]:
    """Read one such file.

    Args:
        file: its path.

    Raises:
        HeadgateError: it is no such file.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise HeadgateError(f"{file} cannot be read: {error}.", _MEND) from error
    for name, value in table.items():
        whole = isinstance(value, dict) and set(value) == {"rows", "bytes"}
        if not whole or not all(type(number) is int and number >= 0 for number in value.values()):
            raise HeadgateError(f"{file}: {name} is not given as {{ rows = …, bytes = … }}, two whole numbers.", _MEND)
    return {name: Size(value["rows"], value["bytes"]) for name, value in table.items()}


def write(file: Path, sizes: Mapping[str, Size], *, server: str, day: date, unknown: Sequence[str] = ()) -> None:
    """Write the file. It says nothing of where the server is, or who asked it.

    Args:
        file: its path.
        sizes: the tables, by SQL name.
        server: the server's version, as in `18.4`.
        day: when it was asked.
        unknown: tables of which it knows nothing, because they were never analyzed.

    Raises:
        HeadgateError: it cannot be written.
    """
    lines = [f"# The production tables on {day.isoformat()}, as the statistics of PostgreSQL {server} have them."]
    lines += ["# Written by `inv db.sizes`; tables that are not here count as ones that grow."]
    lines += [f"# Never analyzed, so left out: {_key(name)}" for name in sorted(unknown)]
    lines += [""] * bool(sizes)
    lines += [f"{_key(name)} = {{ rows = {size.rows}, bytes = {size.bytes} }}" for name, size in sorted(sizes.items())]
    try:
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise HeadgateError(
            f"{file} cannot be written: {error.strerror}.", "Make its folder, or let this user write there."
        ) from error


def changes(before: Mapping[str, Size], after: Mapping[str, Size]) -> Iterator[str]:
    """Tell what is another size than it was, one line a table; what only differs in digits that nobody says does not.

    Args:
        before: what the file said.
        after: what it says now.
    """
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None and new is not None:
            yield f"+ {name}: {new.told}"
        elif new is None and old is not None:
            yield f"- {name}: {old.told}"
        elif old and new and old.told != new.told:
            yield f"~ {name}: {old.told} -> {new.told}"


_MEND = "Write it anew: inv db.sizes --from URL"


def _key(name: str) -> str:
    """A basic string of TOML, which is JSON's but for one character: https://toml.io/en/v1.0.0#string."""
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


def _bytes(number: int) -> str:
    value, unit = float(number), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if round(value) < 1024:
            break
        value, unit = value / 1024, larger
    return f"{_short(value) if unit != 'bytes' else f'{number:,}'} {unit}"


def _rows(number: int) -> str:
    for least, word in ((10**9, "billion"), (10**6, "million")):
        if number >= least:
            return f"{_short(number / least)} {word} rows"
    return f"{number:,} {'row' if number == 1 else 'rows'}"


def _short(value: float) -> str:
    """Two digits where there is one before the point."""
    return f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{value:,.0f}"
