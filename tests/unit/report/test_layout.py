"""`headgate.report.layout`: what is wrapped, and what never is."""

from __future__ import annotations

import pytest

from headgate import redaction
from headgate.report.layout import wrapped

PROSE = "the rows that are there already would have to be read while nobody can write"


def test_prose_is_wrapped_at_its_width_on_every_line() -> None:
    """What is taken by the label counts on the first line, what is taken by the hanging indent on the others."""
    assert list(wrapped(PROSE, 40, 20, 2)) == [
        "the rows that are",
        "there already would have to be read",
        "while nobody can write",
    ]


def test_without_a_terminal_only_the_text_breaks() -> None:
    """A program looks for the whole line."""
    assert list(wrapped(f"{PROSE}\nand more", None, 20, 2)) == [PROSE, "and more"]


@pytest.mark.parametrize(
    "line",
    [
        "SELECT id FROM entries GROUP BY id HAVING count(*) > 1",
        "statement: ALTER TABLE entries ADD COLUMN note text NOT NULL",
        "# headgate: allow index-not-concurrent because the table is small",
        "    op.create_index('ix_entries', 'entries', ['user_id'])",
        'inv migrate.new -m "a message that is rather long for the line"',
    ],
)
def test_what_is_copied_stays_on_its_line(line: str) -> None:
    """A query that was broken in two cannot be pasted."""
    assert list(wrapped(line, 40, 10, 10)) == [line]


@pytest.mark.parametrize(
    ("line", "last"),
    [
        (
            'or join them: alembic merge -m "merge heads" 20261102090000',
            'alembic merge -m "merge heads" 20261102090000',
        ),
        ("this must return 0: SELECT count(*) FROM entries", "SELECT count(*) FROM entries"),
        ("go on all the same with `# headgate: allow consent because …`", "`# headgate: allow consent because …`"),
    ],
)
def test_what_is_copied_stays_together_behind_the_words_that_lead_to_it(line: str, last: str) -> None:
    """It begins on a line of its own where it does not fit."""
    assert list(wrapped(line, 32, 0, 0))[-1] == last


def test_a_backtick_that_is_not_closed_keeps_the_rest() -> None:
    """Better a long line than a broken command."""
    assert list(wrapped("it ends in `an open one of many words", 20, 0, 0)) == [
        "it ends in",
        "`an open one of many words",
    ]


def test_a_word_longer_than_the_line_is_not_cut() -> None:
    """It is a path or a name."""
    path = "backend/alembic/versions/20261122170212_index_entries.py"
    assert list(wrapped(f"see {path} there", 40, 0, 0)) == ["see", path, "there"]


def test_wide_characters_count_twice() -> None:
    """They take two columns on a terminal."""
    assert list(wrapped("表 表 表 表", 8, 0, 0)) == ["表 表 表", "表"]


def test_an_empty_text_is_one_empty_line() -> None:
    """The label before it is still printed."""
    assert list(wrapped("", 80, 0, 0)) == [""]


def test_a_gap_that_is_broken_leaves_nothing() -> None:
    """The closing line parts its sentences by two spaces."""
    assert list(wrapped("one two.  three", 8, 0, 0)) == ["one two.", "three"]


def test_a_password_with_a_space_is_hidden_before_it_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its two halves on two lines would be found by nobody."""
    monkeypatch.setattr(redaction, "_secrets", set())
    redaction.remember("postgresql://amy:correct%20horse%20battery@db/app")

    assert list(wrapped("the password is correct horse battery", 24, 0, 0)) == ["the password is ***"]
