"""`headgate.revisions.index`: what files state, kept by their content."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from headgate.revisions.file import read
from headgate.revisions.index import Index
from tests.projects import ADD_NOTE, SECOND


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "index.json"


def _never(*_arguments: object, **_options: object) -> ast.Module:
    raise AssertionError("it is parsed")


def test_a_text_that_was_read_before_is_not_parsed_again(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same facts, and the tree when somebody asks for it."""
    revision, helper = tmp_path / "a.py", tmp_path / "helper.py"
    revision.write_text(ADD_NOTE)
    helper.write_text("x = 1")
    index = Index(kept)
    first = read(revision, index)
    assert read(helper, index) is None
    index.save()

    again = Index(kept)
    with monkeypatch.context() as patch:
        patch.setattr(ast, "parse", _never)
        second = read(revision, again)
        assert read(helper, again) is None
    assert first == second
    assert second is not None
    assert second.id == SECOND
    assert second.function("upgrade") is not None


def test_another_text_is_parsed(tmp_path: Path, kept: Path) -> None:
    """A file is known by what it holds, not by its name or its time."""
    path = tmp_path / "a.py"
    path.write_text(ADD_NOTE)
    index = Index(kept)
    read(path, index)
    index.save()
    path.write_text(ADD_NOTE.replace(SECOND, "another"))

    file = read(path, Index(kept))
    assert file is not None
    assert file.id == "another"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"form": 1, "files": {"a": [1]}}', '{"form": 0, "files": {}}'])
def test_a_damaged_index_is_an_empty_one(tmp_path: Path, kept: Path, damage: str) -> None:
    """It only saves time."""
    kept.parent.mkdir()
    kept.write_text(damage)
    path = tmp_path / "a.py"
    path.write_text(ADD_NOTE)
    index = Index(kept)
    assert read(path, index) is not None
    index.save()
    assert Index(kept).known(path.read_bytes())


def test_an_index_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    """The folder may be read-only, or no folder."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "a.py"
    path.write_text(ADD_NOTE)
    index = Index(tmp_path / "file" / "index.json")
    assert read(path, index) is not None
    index.save()


def test_what_is_no_more_is_forgotten(tmp_path: Path, kept: Path) -> None:
    """Or the index would grow with every edit."""
    path = tmp_path / "a.py"
    for text in (ADD_NOTE, ADD_NOTE + "\n"):
        path.write_text(text)
        index = Index(kept)
        read(path, index)
        index.save()
    assert Index(kept).known(ADD_NOTE.encode()) is None
    assert Index(kept).known(path.read_bytes())
