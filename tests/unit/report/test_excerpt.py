"""`headgate.report.excerpt`: the lines of the call that a finding is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.report.excerpt import Excerpt, Excerpts

SOURCE = '''\
"""add note

Intent: none.
"""


def upgrade() -> None:
    op.drop_index("a")
    op.create_table(
        "b",
        sa.Column("c"),
    )
    op.create_table(
        "b",
        sa.Column("c"),
        sa.Column("d"),
        sa.Column("e"),
    )
    (
        op.get_bind()
        .execute(
            "SELECT 1"
        )
    )
    with op.batch_alter_table("b") as batch:
        batch.drop_column("c")
'''


@pytest.mark.parametrize(
    ("line", "shown", "more"),
    [
        (1, 1, 0),  # a docstring is no call: its first line tells which it is
        (7, 1, 0),  # nor is a whole function
        (8, 1, 0),
        (9, 4, 0),
        (13, 4, 2),
        (21, 3, 0),  # of chained calls, from the one that a traceback names
        (25, 1, 0),  # of a block, the line that opens it
    ],
)
def test_a_call_is_shown_up_to_its_fourth_line(tmp_path: Path, line: int, shown: int, more: int) -> None:
    """A call is known by then; what is left out is said."""
    (tmp_path / "a.py").write_text(SOURCE)

    found = Excerpts(tmp_path).of("a.py", line)

    assert found == Excerpt(line, tuple(SOURCE.splitlines()[line - 1 : line - 1 + shown]), more)


@pytest.mark.parametrize(
    ("path", "line"), [(None, 1), ("a.py", None), ("a.py", 99), ("gone.py", 1), ("folder", 1)], ids=str
)
def test_code_that_is_not_there_is_left_out(tmp_path: Path, path: str | None, line: int | None) -> None:
    """Somebody may have edited the file meanwhile, and a finding about the history has none."""
    (tmp_path / "a.py").write_text(SOURCE)
    (tmp_path / "folder").mkdir()

    assert Excerpts(tmp_path).of(path, line) is None


@pytest.mark.parametrize("name", ["a.py", "a.md"])
def test_a_file_that_is_not_python_shows_the_one_line(tmp_path: Path, name: str) -> None:
    """A revision with a syntax error has findings too."""
    (tmp_path / name).write_text("f(\n  1\n")

    assert Excerpts(tmp_path).of(name, 1) == Excerpt(1, ("f(",))
