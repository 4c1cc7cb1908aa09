"""`headgate.notes`: small files that spare work, and never stand in its way."""

from __future__ import annotations

import os
from pathlib import Path

from headgate import notes


def test_what_was_saved_is_given_back(tmp_path: Path) -> None:
    """The folder is made when it is needed."""
    notes.save(tmp_path / "kept" / "a.json", {"x": [1, None]})
    assert notes.load(tmp_path / "kept" / "a.json") == {"x": [1, None]}
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["a.json"]


def test_what_cannot_be_read_is_nothing(tmp_path: Path) -> None:
    """There is none, it is no JSON, or it is no file."""
    (tmp_path / "half.json").write_text('{"x": ')
    (tmp_path / "folder.json").mkdir()
    assert [notes.load(tmp_path / name) for name in ("none.json", "half.json", "folder.json")] == [None] * 3


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    """The disk is full, or the cache is a file."""
    (tmp_path / "kept").write_text("")
    notes.save(tmp_path / "kept" / "a.json", 1)
    assert notes.load(tmp_path / "kept" / "a.json") is None


def test_the_oldest_make_room(tmp_path: Path) -> None:
    """Each checkout has its own, and checkouts come and go."""
    for number in range(60):
        notes.save(tmp_path / f"{number}.json", number)
        os.utime(tmp_path / f"{number}.json", (number, number))
    notes.save(tmp_path / "new.json", 60)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert len(kept) == 50
    assert {"new.json", "59.json"} <= set(kept)
    assert "0.json" not in kept
