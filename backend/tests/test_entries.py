"""Entries: writing, finding, archiving."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from backend.src.models import Entry, User, Visibility
from backend.src.services import entries, tags, users
from backend.src.services.entries import Filter
from backend.src.services.errors import InvalidError, NotFoundError

Write = Callable[..., Entry]


def titles(session: Session, **wanted: object) -> list[str]:
    with session.begin():
        return [row.title for row in entries.page(session, Filter(**wanted), first=10, after=None).rows]  # type: ignore[arg-type]


def test_an_entry_is_private_until_somebody_shares_it(write: Write) -> None:
    """The safe value is the default, in the service as in the database."""
    assert write().visibility is Visibility.PRIVATE


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_title_that_is_blank_or_too_long_is_refused(write: Write, title: str) -> None:
    """Before the CHECK of the database says it in words of its own."""
    with pytest.raises(InvalidError, match="A title has 1 to 200 characters"):
        write(title)


def test_an_entry_needs_a_user_that_exists(session: Session) -> None:
    """The foreign key decides, and the user gets a sentence instead of its name."""
    with pytest.raises(NotFoundError, match="There is no such user"):
        entries.create(session, user_id=1, title="An orphan")


def test_a_change_leaves_what_it_does_not_name(session: Session, write: Write) -> None:
    """And says when it was made."""
    before = write("Old", body="A body", visibility=Visibility.SHARED)
    written = before.updated_at
    with session.begin():
        after = entries.update(session, before.id, title="New")
    assert (after.title, after.body, after.visibility) == ("New", "A body", Visibility.SHARED)
    assert after.updated_at > written


def test_an_archived_entry_leaves_the_list_and_comes_back(session: Session, write: Write) -> None:
    """Archiving twice is the same as once: a client may repeat a request that it got no answer to."""
    entry = write("Kept")
    for archived in (True, True):
        with session.begin():
            entries.set_archived(session, entry.id, archived=archived)
    assert titles(session) == []
    assert titles(session, archived=True) == ["Kept"]
    assert titles(session, archived=None) == ["Kept"]
    with session.begin():
        entries.set_archived(session, entry.id, archived=False)
    assert titles(session) == ["Kept"]


def test_a_removed_entry_takes_its_tags_links_along(session: Session, write: Write) -> None:
    """The tag itself stays, for the entries of others."""
    entry = write()
    with session.begin():
        tags.attach(session, entry.id, tag="math")
    with session.begin():
        entries.remove(session, entry.id)
    assert [tag.name for tag in tags.all_tags(session)] == ["math"]
    with pytest.raises(NotFoundError, match="There is no such entry"):
        entries.remove(session, entry.id)


def test_a_list_holds_what_was_asked_for(session: Session, write: Write) -> None:
    """Each part of the filter narrows it; together they narrow it further."""
    with session.begin():
        other = users.create(session, email="bob@example.org", display_name="Bob")
    mine = write("Mine")
    write("Public", visibility=Visibility.PUBLIC)
    write("His", user_id=other.id)
    with session.begin():
        tags.attach(session, mine.id, tag="math")
    assert titles(session) == ["His", "Public", "Mine"]
    assert titles(session, user_id=other.id) == ["His"]
    assert titles(session, visibility=Visibility.PUBLIC) == ["Public"]
    assert titles(session, tag=" MATH ") == ["Mine"]
    assert titles(session, tag="math", user_id=other.id) == []


def test_search_finds_words_in_title_and_body(session: Session, write: Write) -> None:
    """In any form of the word, and in the syntax people know from the web."""
    write("Walking home", body="through the rain")
    write("Snow", body="walked away")
    assert titles(session, search="walks") == ["Snow", "Walking home"]
    assert titles(session, search="walks -rain") == ["Snow"]
    assert titles(session, search='"the rain"') == ["Walking home"]
    assert titles(session, search="'); DROP TABLE entries; --") == []


@pytest.mark.parametrize(
    ("wanted", "index"),
    [(Filter(user_id=1), "ix_entries_current"), (Filter(search="rain", archived=None), "ix_entries_search")],
)
def test_the_index_that_was_built_for_a_query_serves_it(session: Session, wanted: Filter, index: str) -> None:
    """An index on an expression or with a predicate is used only by a query that repeats it to the letter."""
    query = entries.matching(wanted).order_by(Entry.created_at.desc(), Entry.id.desc()).limit(10)
    connection = session.connection()
    statement = query.compile(dialect=connection.dialect)
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", statement.params).scalars())
    assert index in plan, plan


def test_tags_are_one_word_for_everybody(session: Session, author: User, write: Write) -> None:
    """However it is spelled, and however often it is given."""
    entry = write()
    for spelling in ("Deep  Work", "deep work"):
        with session.begin():
            tags.attach(session, entry.id, tag=spelling)
    assert [tag.name for tag in tags.of_entries(session, [entry.id])[entry.id]] == ["deep work"]
    assert len(tags.all_tags(session)) == 1


def test_a_tag_can_be_taken_away_twice(session: Session, write: Write) -> None:
    """A client may repeat a request that it got no answer to."""
    entry = write()
    with session.begin():
        tags.attach(session, entry.id, tag="math")
    for _ in range(2):
        with session.begin():
            tags.detach(session, entry.id, tag="math")
    assert entry.id not in tags.of_entries(session, [entry.id])


@pytest.mark.parametrize("tag", ["", " ", "x" * 51])
def test_a_tag_that_is_blank_or_too_long_is_refused(session: Session, write: Write, tag: str) -> None:
    """A list of tags is read at a glance or not at all."""
    with pytest.raises(InvalidError, match="A tag has 1 to 50 characters"):
        tags.attach(session, write().id, tag=tag)
