"""The prepared cluster: made once, thrown away when it is not whole."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.errors import HeadgateError
from headgate.postgres.folders import copy_tree, publish, writing
from headgate.postgres.server import scratch_server


def start(cache: Path) -> str:
    """Start a server, and give the identity that `initdb` gave its cluster."""
    with scratch_server(cache=cache) as server, server.connect() as connection:
        row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    assert row
    return str(row[0])


def entry(cache: Path) -> Path:
    return next(path for path in (cache / "clusters").iterdir() if path.is_dir())


def names_beside_lock(home: Path) -> list[str]:
    """The lock file stays or goes as filelock's version has it."""
    return sorted(path.name for path in home.parent.iterdir() if path.name != f"{home.name}.lock")


def remove_marker(home: Path) -> None:
    (home / "complete.json").unlink()


def garble_marker(home: Path) -> None:
    (home / "complete.json").write_text("{", encoding="utf-8")


def remove_file(home: Path) -> None:
    next((home / "data" / "base").rglob("1259")).unlink()


def cut_file(home: Path) -> None:
    (home / "data" / "postgresql.conf").write_text("", encoding="utf-8")


def remove_data(home: Path) -> None:
    (home / "data").rename(home / "elsewhere")


def replace_data(home: Path) -> None:
    remove_data(home)
    (home / "data").write_text("not a folder", encoding="utf-8")


def overwrite_control_file(home: Path) -> None:
    """Same size, so that only the server notices."""
    control = home / "data" / "global" / "pg_control"
    control.write_bytes(bytes(control.stat().st_size))


def test_initdb_runs_once(cache: Path) -> None:
    """It takes as long as the rest of a start ten times over."""
    assert start(cache) == start(cache)


@pytest.mark.parametrize(
    "damage",
    [
        remove_marker,
        garble_marker,
        remove_file,
        cut_file,
        remove_data,
        replace_data,
        overwrite_control_file,
    ],
)
def test_a_damaged_cluster_is_made_anew(folder: Path, damage: Callable[[Path], None]) -> None:
    """A full disk, a kill or a clean-up of caches must not stop every later run until somebody finds the folder."""
    first = start(folder)
    damage(entry(folder))
    second = start(folder)
    assert second != first
    assert start(folder) == second


def test_what_a_killed_process_left_half_written_is_removed(folder: Path) -> None:
    """Forty megabytes for each interrupted first run would add up."""
    start(folder)
    home = entry(folder)
    remove_marker(home)
    left = home.with_name(f".{home.name}.0123abcd")
    left.mkdir()
    (left / "half").write_text("written", encoding="utf-8")
    start(folder)
    assert names_beside_lock(home) == [home.name]


def test_an_entry_that_cannot_be_built_leaves_nothing(tmp_path: Path) -> None:
    """A disk that fills up while the entry is written."""

    def fill_the_disk(folder: Path) -> None:
        folder.mkdir()
        (folder / "half").write_text("written", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    home = tmp_path / "cache" / "entry"
    with pytest.raises(HeadgateError) as caught, writing(tmp_path / "cache", "HEADGATE_CACHE"):
        publish(home, fill_the_disk, None)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"{tmp_path / 'cache'} cannot be written: No space left on device.\n"
        "Set HEADGATE_CACHE to a folder with free space, then run the command again."
    )
    assert names_beside_lock(home) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Root copies what another account wrote; a link there could lead to a file which that account may not read."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "link").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        copy_tree(source, tmp_path / "target")


def test_the_marker_says_what_was_copied(folder: Path) -> None:
    """Each copy is held against it, which costs nothing since every file is read anyway."""
    start(folder)
    home = entry(folder)
    files = [path for path in (home / "data").rglob("*") if path.is_file()]
    promised = json.loads((home / "complete.json").read_text(encoding="utf-8"))
    assert promised == {"files": len(files), "size": sum(path.stat().st_size for path in files)}
