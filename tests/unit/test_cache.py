"""`headgate.cache`: what is kept between runs, told and removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from headgate import cache
from headgate.errors import HeadgateError
from headgate.postgres.scratch import database
from headgate.postgres.server import scratch_server


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A cache with an entry in two of its folders, each with what its maker leaves beside it."""
    (tmp_path / "states" / "18.4-a" / "data").mkdir(parents=True)
    (tmp_path / "states" / "18.4-a" / "data" / "1").write_bytes(b"x" * 1000)
    (tmp_path / "states" / "18.4-a.lock").touch()
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / "a.json").write_bytes(b"y" * 10)
    os.utime(tmp_path / "states" / "18.4-a", (5, 5))
    return tmp_path


def test_each_part_is_told_with_its_size(filled: Path) -> None:
    """A developer looks for what fills the disk."""
    told = {part.name: part for part in cache.parts(filled)}
    assert list(told) == list(cache.PARTS)
    assert (told["states"].entries, told["states"].size, told["states"].used) == (1, 1000, 5)
    assert (told["layouts"].entries, told["layouts"].size) == (1, 10)
    assert (told["npm"].entries, told["npm"].size, told["npm"].used) == (0, 0, None)


def test_what_is_cleared_is_gone_and_the_rest_stays(filled: Path) -> None:
    """What took a network to come here is only removed when somebody says so."""
    assert cache.clear(filled, ["states"]) == 1000
    assert [part.entries for part in cache.parts(filled) if part.name in {"states", "layouts"}] == [0, 1]
    assert cache.clear(filled, cache.PARTS) == 10
    assert cache.clear(filled / "none", cache.PARTS) == 0


def test_what_a_killed_process_left_half_made_goes_too_and_what_is_being_made_stays(filled: Path) -> None:
    """The one holds its lock no longer, the other does."""
    for name in ("18.4-a", "18.4-b"):
        (filled / "states" / f".{name}.0123").mkdir()
    with FileLock(filled / "states" / "18.4-b.lock"):
        cache.clear(filled, ["states"])
        assert [path.name for path in (filled / "states").iterdir() if path.is_dir()] == [".18.4-b.0123"]


def test_a_server_runs_on_and_another_starts_when_its_cluster_is_cleared(tmp_path: Path) -> None:
    """Two terminals: the one clears, the other rehearses."""
    with scratch_server(cache=tmp_path) as server:
        cache.clear(tmp_path, ["clusters"])
        with database(server) as made, made.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with scratch_server(cache=tmp_path) as other:
            assert other.version == server.version


def test_what_cannot_be_removed_is_said(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that root filled; root itself may remove everything, so the file system says no here."""

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(HeadgateError) as caught:
        cache.clear(filled, ["layouts"])
    assert caught.value.what == f"{filled / 'layouts' / 'a.json'} cannot be removed: Permission denied."
