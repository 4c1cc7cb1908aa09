"""`headgate.postgres.states`: clusters that are kept with what is in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.errors import HeadgateError
from headgate.postgres import scratch
from headgate.postgres.server import Server
from headgate.postgres.states import NOTES, kept_server


def _build(server: Server) -> str:
    made = scratch.create(server)
    with made.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT g FROM generate_series(1, 10) g")
    return scratch.freeze(server, made)


def _never(_server: Server) -> str:
    raise AssertionError("it was kept")


def _rows(cache: Path, build: Callable[[Server], str] = _build, key: str = "a", *, holds: bool = True) -> int:
    with (
        kept_server(major=18, cache=cache, key=key, holds=lambda _: holds, build=build) as (server, notes),
        scratch.database(server, notes) as copy,
        copy.connect() as connection,
    ):
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        return int(row[0]) if row else 0


def test_what_was_made_once_is_there_again(tmp_path: Path) -> None:
    """With its databases, and with the notes of who made it."""
    assert _rows(tmp_path) == 10
    assert _rows(tmp_path, _never) == 10


def test_another_key_and_a_state_that_holds_no_more_are_made_anew(tmp_path: Path) -> None:
    """The one is another state, the other is wrong today."""
    _rows(tmp_path)
    with pytest.raises(AssertionError, match="it was kept"):
        _rows(tmp_path, _never, "b")
    with pytest.raises(AssertionError, match="it was kept"):
        _rows(tmp_path, _never, holds=False)
    assert _rows(tmp_path) == 10


@pytest.mark.parametrize("damage", ["global/pg_control", "PG_VERSION"])
def test_a_damaged_state_is_made_anew(tmp_path: Path, damage: str) -> None:
    """Half of a cluster may start, and say something else."""
    _rows(tmp_path)
    (home,) = (path for path in (tmp_path / "states").iterdir() if path.is_dir())
    (home / "data" / damage).unlink()
    assert _rows(tmp_path) == 10


def test_a_state_that_is_whole_in_size_but_does_not_start_is_made_anew(tmp_path: Path) -> None:
    """The count of files and bytes cannot show everything."""
    _rows(tmp_path)
    (home,) = (path for path in (tmp_path / "states").iterdir() if path.is_dir())
    control = home / "data" / "global" / "pg_control"
    control.write_bytes(bytes(len(control.read_bytes())))
    assert _rows(tmp_path) == 10


def test_what_the_maker_raises_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither a half state nor a server."""

    def refuse(_server: Server) -> str:
        raise HeadgateError("no", "no")

    with pytest.raises(HeadgateError, match="no"):
        _rows(tmp_path, refuse)
    assert [path for path in (tmp_path / "states").iterdir() if path.is_dir()] == []


def test_the_states_that_were_used_last_are_kept(tmp_path: Path) -> None:
    """Each is tens of megabytes."""
    for key in "abcdef":
        _rows(tmp_path, key=key)
    kept = {path.name.rpartition("-")[2] for path in (tmp_path / "states").iterdir() if (path / NOTES).is_file()}
    assert kept == set("cdef")
