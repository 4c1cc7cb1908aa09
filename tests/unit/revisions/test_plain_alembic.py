"""`name_revision`: what the workflow document types, `alembic revision -m`, names its file by the convention."""

from __future__ import annotations

import ast
import re

import pytest

from headgate.revisions.file import read


def only_file(project):  # type: ignore[no-untyped-def]
    (path,) = [path for path in project.versions.glob("*.py") if not path.name.startswith("20261120091500")]
    return path


@pytest.mark.parametrize("autogenerate", [(), ("--autogenerate",)], ids=["by hand", "autogenerate"])
def test_the_file_is_named_by_the_convention(project, autogenerate: tuple[str, ...]) -> None:
    """Section 3 of the document, options A and B, word for word."""
    done = project.alembic("revision", *autogenerate, "-m", "add note to entries")
    assert done.returncode == 0, done.stderr
    path = only_file(project)
    assert re.fullmatch(r"\d{14}_add_note_to_entries\.py", path.name)
    assert read(path).id == path.name[:14]


def test_a_given_id_is_kept(project) -> None:
    """Who says --rev-id means it."""
    done = project.alembic("revision", "--rev-id", "abc", "-m", "add note")
    assert done.returncode == 0, done.stderr
    assert only_file(project).name == "abc_add_note.py"


def test_a_timestamp_that_was_given_is_kept(project) -> None:
    """Also when it is one that headgate could have given."""
    done = project.alembic("revision", "--rev-id", "20300101000000", "-m", "add note")
    assert done.returncode == 0, done.stderr
    assert only_file(project).name == "20300101000000_add_note.py"


@pytest.mark.parametrize("message", ['say "note"', '"""', "back\\slash\\", 'a """ b \\" c"', "🎉 l'été", "x" * 300])
def test_any_message_gives_a_file_that_runs(project, message: str) -> None:
    """Alembic's template writes the message between quotes as it is: a quote used to end the docstring."""
    done = project.alembic("revision", "-m", f"add {message}")
    assert done.returncode == 0, done.stderr
    path = only_file(project)
    assert f"add {message}" == (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()[0]
    assert project.alembic("upgrade", "head").returncode == 0


@pytest.mark.parametrize("message", ["🎉", "  "])
def test_a_message_that_names_nothing_is_alembics_own_error(project, message: str) -> None:
    """One line and exit 255 as from any mistake on Alembic's command line, and no file."""
    done = project.alembic("revision", "-m", message)
    assert done.returncode == 255
    assert "Traceback" not in done.stderr
    assert project.files == []


def test_two_in_one_second_get_two_ids(project) -> None:
    """A script that makes several revisions must not have to sleep."""
    for name in ("first", "second", "third"):
        done = project.alembic("revision", "-m", name)
        assert done.returncode == 0, done.stderr
    ids = [path.name[:14] for path in project.versions.glob("*.py")]
    assert len(set(ids)) == 4
