"""`headgate.revisions.file`: a revision is read from its text, and nothing of it is run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from headgate.errors import HeadgateError
from headgate.revisions.file import Precondition, RevisionFile, does_nothing, read

BOTH = 'revision = "b"\ndown_revision = "a"\n'


def _written(folder: Path, source: str | bytes) -> Path:
    path = folder / "20261101090000_one.py"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return path


def _read(folder: Path, source: str | bytes) -> RevisionFile:
    file = read(_written(folder, source))
    assert file
    return file


def _refusal(path: Path) -> list[str]:
    with pytest.raises(HeadgateError) as caught:
        read(path)
    return str(caught.value).splitlines()


def test_a_revision_is_what_its_assignments_say(tmp_path: Path) -> None:
    """These four names are all that Alembic builds its graph from."""
    file = _read(
        tmp_path,
        '"""add note"""\n\nrevision = "b"\ndown_revision = "a"\nbranch_labels = ("app",)\ndepends_on = ["x", "y"]\n',
    )

    assert (file.id, file.parents, file.branch_labels, file.depends_on) == ("b", ("a",), ("app",), ("x", "y"))
    assert file.lines == {"revision": 3, "down_revision": 4, "branch_labels": 5, "depends_on": 6}
    assert file.path.read_text() == file.source


@pytest.mark.parametrize(
    ("written", "parents"),
    [
        ("None", ()),
        ("'a'", ("a",)),
        ("('a', 'b')", ("a", "b")),
        ("['a', 'b']", ("a", "b")),
        ("{'a'}", ("a",)),
        ("'a' 'b'", ("ab",)),
        ("()", ()),
    ],
)
def test_every_spelling_that_alembic_takes_is_read(tmp_path: Path, written: str, parents: tuple[str, ...]) -> None:
    """A merge has two parents; a hand writes what the template does not."""
    assert _read(tmp_path, f"revision = 'c'\ndown_revision = {written}\n").parents == parents


def test_annotated_names_are_read(tmp_path: Path) -> None:
    """Alembic's template writes `down_revision: Union[str, None] = "a"` since 1.9."""
    file = _read(tmp_path, 'from typing import Union\n\nrevision: str = "b"\ndown_revision: Union[str, None] = "a"\n')

    assert (file.id, file.parents, file.lines["revision"]) == ("b", ("a",), 3)


def test_names_inside_a_function_are_not_the_modules(tmp_path: Path) -> None:
    """Only what the module assigns is seen by Alembic."""
    file = _read(tmp_path, f"{BOTH}\n\ndef upgrade():\n    revision = 'other'\n    depends_on = 'other'\n")

    assert (file.id, file.depends_on) == ("b", ())


def test_the_last_assignment_counts(tmp_path: Path) -> None:
    """As it does when the module is run."""
    file = _read(tmp_path, f'{BOTH}revision = "c"\n')

    assert (file.id, file.lines["revision"]) == ("c", 3)


@pytest.mark.parametrize(
    "source", ["", "import os\n", "down_revision = 'a'\n", "revision: str\n", "a = revision = 'b'\n"]
)
def test_a_helper_beside_the_revisions_is_none(tmp_path: Path, source: str) -> None:
    """Projects keep shared functions in the versions folder."""
    assert read(_written(tmp_path, source)) is None


def test_nothing_of_a_file_is_run(tmp_path: Path) -> None:
    """A revision that does not import must still be named in the report."""
    file = _read(tmp_path, f"import nowhere\n{BOTH}raise SystemExit\n")

    assert file.id == "b"


@pytest.mark.parametrize("source", [b"\xef\xbb\xbf" + BOTH.encode(), BOTH.replace("\n", "\r\n").encode()])
def test_a_file_that_was_saved_on_windows_is_read(tmp_path: Path, source: bytes) -> None:
    """A mark at the start of the file is no syntax error to Python either."""
    assert _read(tmp_path, source).parents == ("a",)


@pytest.mark.parametrize(
    ("source", "line", "name"),
    [
        ('revision = make("b")\n', 1, "revision"),
        ("revision = None\n", 1, "revision"),
        ("revision = ('a', 'b')\n", 1, "revision"),
        ("revision = 1\n", 1, "revision"),
        ("revision = 'b'\n\ndown_revision = f'{revision}'\n", 3, "down_revision"),
        ("revision = 'b'\ndepends_on = ['a', 1]\n", 2, "depends_on"),
    ],
)
def test_a_name_that_is_computed_is_an_error_with_its_line(tmp_path: Path, source: str, line: int, name: str) -> None:
    """Guessing at the graph would judge the wrong revisions."""
    path = _written(tmp_path, source)

    assert _refusal(path) == [
        f"{path}, line {line}: {name} is not a literal that can be read.",
        "Write the revision ids as plain strings, as Alembic's template does.",
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [(f"{BOTH}def (:\n", ", line 3 is not valid Python: invalid syntax."), ("revision = '\0'\n", None)],
)
def test_what_is_no_python_is_an_error(tmp_path: Path, source: str, said: str | None) -> None:
    """A half-resolved merge conflict, mostly."""
    path = _written(tmp_path, source)
    what, fix = _refusal(path)

    assert what.startswith(f"{path}{said or ''}")
    assert "is not valid Python: " in what
    assert fix == "Mend the file; nothing was run."


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Another encoding, or a file that has gone since the folder was listed."""
    for path in (_written(tmp_path, BOTH.encode() + "# für".encode("latin-1")), tmp_path / "gone.py"):
        what, fix = _refusal(path)
        assert what.startswith(f"{path} cannot be read: ")
        assert fix == "Make it a readable file in UTF-8."


def test_the_docstring_is_the_header(tmp_path: Path) -> None:
    """The message is its first paragraph, where Alembic writes it."""
    file = _read(tmp_path, f'"""add note\n\nIntent: notes.\nRollback: drops them.\n"""\n{BOTH}')

    assert file.docstring.startswith("add note\n")
    assert file.message == "add note"
    assert file.header is file.header


def test_a_file_without_a_docstring_has_an_empty_message(tmp_path: Path) -> None:
    """A rule speaks of it; reading does not fail."""
    file = _read(tmp_path, BOTH)

    assert (file.docstring, file.message) == ("", "")


def test_a_function_is_found_at_the_top_only(tmp_path: Path) -> None:
    """A method of that name is not what Alembic calls."""
    file = _read(tmp_path, f"{BOTH}class A:\n    def downgrade(self): pass\n\n\ndef upgrade(): pass\n")

    assert (upgrade := file.function("upgrade"))
    assert upgrade.lineno == 7
    assert file.function("downgrade") is None


@pytest.mark.parametrize(
    ("body", "nothing"),
    [
        ("pass", True),
        ("...", True),
        ("return", True),
        ("return None", True),
        ("'Nothing to take back.'", True),
        ("'Why.'; pass; return", True),
        ("return 1", False),
        ("op.drop_table('t')", False),
        ("raise NotImplementedError", False),
        ("if True: pass", False),
    ],
)
def test_a_body_that_does_nothing_is_told(body: str, nothing: bool) -> None:
    """An empty downgrade that does not own up to it is an error; one that raises has said so."""
    function = ast.parse(f"def downgrade():\n    {body}\n").body[0]
    assert isinstance(function, ast.FunctionDef)

    assert does_nothing(function) is nothing


def _declaring(tmp_path: Path, value: str) -> RevisionFile:
    path = tmp_path / "declaring.py"
    path.write_text(f'revision = "b"\ndown_revision = "a"\npreconditions = {value}\n')
    file = read(path)
    assert file is not None
    return file


def test_preconditions_are_read_as_literals_with_their_lines(tmp_path: Path) -> None:
    """They are asked of a real database, by a process that must not have run the file."""
    file = _declaring(
        tmp_path, '{\n    "one": "SELECT 1",\n    "two": (\n        "SELECT 2 "\n        "+ 2"\n    ),\n}'
    )

    assert file.declared == (Precondition("one", "SELECT 1", 4), Precondition("two", "SELECT 2 + 2", 5))
    assert file.preconditions == {"one": "SELECT 1", "two": "SELECT 2 + 2"}
    assert file.unread_precondition is None


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("QUERIES", 3),
        ('["SELECT 1"]', 3),
        ('{\n    "one": QUERY,\n}', 4),
        ('{\n    "one": f"SELECT {1}",\n}', 4),
        ('{"one": 1}', 3),
        ("{**OTHERS}", 3),
    ],
)
def test_preconditions_that_are_no_literal_texts_are_known_by_their_line(tmp_path: Path, value: str, line: int) -> None:
    """What cannot be read cannot be asked, and that must not be silent."""
    file = _declaring(tmp_path, value)

    assert file.declared == ()
    assert file.unread_precondition == line
