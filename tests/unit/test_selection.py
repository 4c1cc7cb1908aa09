"""`headgate.selection`: which revisions are judged when the user asks for others than the new ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.errors import HeadgateError
from headgate.selection import choose
from tests.projects import ADD_NOTE, CREATE, FIRST, REVISIONS, SECOND, THIRD, Made, make_project, revision

FILES = {**REVISIONS, f"{THIRD}_third.py": revision(THIRD, SECOND)}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return make_project(tmp_path / "p", FILES, settings="", commit=True)


def test_one_revision_is_run_on_what_it_builds_on(made: Made) -> None:
    """What comes after it says nothing about it."""
    chosen = choose(made.find(), revision=SECOND)

    assert chosen.new == (SECOND,)
    assert chosen.scope == {FIRST, SECOND}
    assert not chosen.each


@pytest.mark.parametrize(("text", "found"), [("head", THIRD), ("20261102", SECOND), (FIRST, FIRST)])
def test_a_revision_is_named_as_alembic_lets_one_name_it(made: Made, text: str, found: str) -> None:
    """By the beginning of its id, or as the head."""
    assert choose(made.find(), revision=text).new == (found,)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("202611", f"202611 begins the id of 3 revisions: {FIRST}, {SECOND}, {THIRD}."),
        ("2030", "There is no revision 2030."),
        ("", "There is no revision without an id."),
    ],
)
def test_a_name_that_means_no_single_one_is_refused(made: Made, text: str, what: str) -> None:
    """To judge another one than was meant is worse than to judge none."""
    with pytest.raises(HeadgateError) as refused:
        choose(made.find(), revision=text)
    assert refused.value.what == what


def test_since_a_commit_means_the_files_that_it_does_not_have(tmp_path: Path) -> None:
    """As for a release: everything that the last one did not bring."""
    made = make_project(tmp_path / "p", {f"{FIRST}_first.py": CREATE}, settings="", commit=True)
    (made.versions / f"{SECOND}_second.py").write_text(ADD_NOTE)
    made.commit()

    assert made.find().new == ()
    assert choose(made.find(), since="HEAD~1").new == (SECOND,)
    assert choose(made.find(), since="HEAD").new == ()
    with pytest.raises(HeadgateError, match="git has no commit v9 here"):
        choose(made.find(), since="v9")


def test_the_whole_history_is_judged_each_revision_by_itself(made: Made) -> None:
    """They were deployed one by one, so a table of an earlier one is a table that others use."""
    chosen = choose(made.find(), everything=True)

    assert chosen.new == (FIRST, SECOND, THIRD)
    assert chosen.each


def test_two_ways_of_saying_it_are_one_too_many(made: Made) -> None:
    """Which of them should hold?"""
    with pytest.raises(HeadgateError, match="each say which revisions to judge"):
        choose(made.find(), revision=FIRST, everything=True)
    assert choose(made.find()).new == ()
