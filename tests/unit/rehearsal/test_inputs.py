"""`headgate.rehearsal.inputs`: what the project's code read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headgate.rehearsal import child
from headgate.rehearsal.inputs import Input, Recorder, unchanged


def _read(_emit: child.Emit, root: str, source: str) -> tuple[Input, ...]:
    recorder = Recorder(Path(root), [Path(root, "versions")])
    os.chdir(root)
    exec(source, {})
    return recorder.result()


def _names(root: Path, source: str) -> set[tuple[str, str]]:
    found = child.call(_read, str(root), source)
    return {(one.kind, one.name.removeprefix(f"{root}/")) for one in found if not one.name.startswith("PG")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "versions").mkdir()
    (tmp_path / "sql").mkdir()
    for name in ("helper_of_inputs.py", "versions/a.py", "sql/base.sql"):
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("open('sql/base.sql').read()", {("file", "sql/base.sql")}),
        ("from pathlib import Path; Path('sql/base.sql').read_bytes()", {("file", "sql/base.sql")}),
        ("import os; os.listdir('sql')", {("folder", "sql")}),
        ("from pathlib import Path; list(Path('sql').glob('*.sql'))", {("folder", "sql")}),
        ("import os; os.environ.get('A_NAME'); os.getenv('B_NAME')", {("variable", "A_NAME"), ("variable", "B_NAME")}),
        ("open('versions/a.py').read()", set()),
        ("import json; open(json.__file__).read()", set()),
    ],
)
def test_what_is_read_below_the_root_is_told(root: Path, source: str, found: set[tuple[str, str]]) -> None:
    """Revision files are told otherwise, and installed packages by their version."""
    assert _names(root, source) >= found
    assert found or not {one for one in _names(root, source) if one[0] == "file"}


def test_a_module_is_told_by_its_source_also_when_it_was_compiled(root: Path) -> None:
    """Python then looks at the source's time only, and opens the compiled file."""
    source = "import sys; sys.path.insert(0, '.'); import helper_of_inputs"
    for _ in range(2):
        assert ("file", "helper_of_inputs.py") in _names(root, source)


def test_a_file_that_was_looked_for_in_vain_is_told(root: Path) -> None:
    """Its coming would change what happens."""
    source = "try:\n    open('not_there.sql')\nexcept OSError:\n    pass"
    found = child.call(_read, str(root), source)
    assert Input("file", str(root / "not_there.sql"), "") in found


def test_inputs_are_unchanged_until_one_is_not(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file by its content, a folder by its names, a variable by its value."""
    source = "import os; open('sql/base.sql'); os.listdir('sql'); os.environ.get('A_NAME')"
    found = child.call(_read, str(root), source)

    assert unchanged(found)
    with monkeypatch.context() as patch:
        patch.setenv("A_NAME", "1")
        assert not unchanged(found)
    (root / "sql" / "base.sql").write_text("SELECT 1")
    assert not unchanged(found)
    (root / "sql" / "base.sql").write_text("")
    assert unchanged(found)
    (root / "sql" / "more.sql").write_text("")
    assert not unchanged(found)


def test_no_value_of_a_variable_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be a password, and notes are kept on disk."""
    monkeypatch.setenv("SECRET_NAME", "hunter2")
    found = child.call(_read, str(root), "import os; os.environ['SECRET_NAME']")
    assert "hunter2" not in repr(found)
    assert len(next(one for one in found if one.name == "SECRET_NAME").digest) == 64
