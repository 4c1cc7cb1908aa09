"""Names of revisions: messages of every kind, ids that are taken, and plain Alembic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from headgate.errors import HeadgateError
from headgate.revisions import naming

AT = datetime(2026, 11, 22, 17, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "slug"),
    [
        ("add note to entries", "add_note_to_entries"),
        ("Sync models: <summary>", "sync_models_summary"),
        ("l'école – d’été, Ærø & ﬁn", "lecole_dete_r_fin"),
        ("Größe", "grosse"),
        ("add \"note\" to 'entries'", "add_note_to_entries"),
        ("one\ntwo\r\n\tthree\x00four\x1b[31m", "one_two_three_four_31m"),
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\temp\\new", "c_temp_new"),
        ("🎉 add note 🎉", "add_note"),
        ("snake_case__stays", "snake_case_stays"),
        ("100% of %(rev)s ${x}", "100_of_rev_s_x"),
        ("broken \udce9 name", "broken_name"),
        ("x" * 300, "x" * 48),
    ],
)
def test_a_message_becomes_a_slug(message: str, slug: str) -> None:
    """Whatever was typed, the file's name is lower-case ASCII words."""
    assert naming.slug(message) == slug


def test_a_long_message_is_cut_between_words() -> None:
    """Half a word reads as another word."""
    slug = naming.slug("add the remark that an editor leaves on an entry to the entries table " * 5)
    assert slug == "add_the_remark_that_an_editor_leaves_on_an_entry"
    assert len(slug) <= naming.LONGEST_SLUG


@pytest.mark.parametrize("message", ["", " \n\t", "\u200d", "\x00"])
def test_an_empty_message_is_refused(message: str) -> None:
    """A file must say what it does."""
    for refuse in (naming.clean_message, naming.slug):
        with pytest.raises(HeadgateError) as raised:
            refuse(message)
        assert raised.value.what == "The message is empty."


@pytest.mark.parametrize("message", ["🎉", "добавить", "追加", "___", "'\"\\/"])
def test_a_message_that_leaves_no_name_is_refused(message: str) -> None:
    """Better a question than a file that is called 20261122170212_.py."""
    with pytest.raises(HeadgateError) as raised:
        naming.slug(message)
    assert raised.value.what == f'The message "{message}" leaves nothing to name a file with.'
    assert "-m" in raised.value.fix


def test_a_message_becomes_one_printable_line() -> None:
    """A line end would end the docstring's first paragraph; a control character would reach terminals."""
    family = "👨\u200d👩\u200d👧"
    assert naming.clean_message(f" add\n\n a\x1b[31m\u202e note\udce9 {family}\u2028 ") == f"add a [31m note {family}"


def test_an_id_is_the_moment_in_utc() -> None:
    """Two people in two time zones write files that sort as they were written."""
    assert naming.revision_id(AT) == "20261122170212"
    assert naming.revision_id(AT.astimezone(timezone(timedelta(hours=9)))) == "20261122170212"
    assert naming.revision_id(AT.replace(tzinfo=None)) == "20261122170212"


def test_a_taken_second_gives_the_next_free_one() -> None:
    """Two revisions made by a script in one second must not share an id."""
    taken = {"20261122170212", "20261122170213", "9f3c1a7e"}
    assert naming.revision_id(AT, taken) == "20261122170214"
    end = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert naming.revision_id(end, {"20261231235959"}) == "20270101000000"


def test_an_id_reads_back() -> None:
    """What is written as a moment is read as that moment, and nothing else is."""
    assert naming.parse_id("20261122170212") == AT
    for text in ("", "2026112217021", "202611221702120", "20261322170212", "9f3c1a7e12ab34", "２０２６1122170212"):
        assert naming.parse_id(text) is None


def test_a_file_name_is_id_and_slug() -> None:
    """The convention of the workflow document, literally."""
    assert naming.file_name("Add note", AT) == "20261122170212_add_note.py"
