"""Pages by cursor, at their edges."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.src.models import Entry
from backend.src.services import entries
from backend.src.services.entries import Filter
from backend.src.services.errors import InvalidError
from backend.src.services.pages import cursor_of

Write = Callable[..., Entry]


def read(session: Session, first: int, after: str | None = None) -> tuple[list[str], bool, str | None]:
    with session.begin():
        page = entries.page(session, Filter(), first=first, after=after)
    last = page.rows[-1] if page.rows else None
    return [row.title for row in page.rows], page.has_next, cursor_of(last.created_at, last.id) if last else None


def test_an_empty_list_is_one_empty_page(session: Session) -> None:
    """No rows is an answer, not an error."""
    assert read(session, 5) == ([], False, None)


@pytest.mark.parametrize(("first", "more"), [(1, True), (2, True), (3, False), (100, False)])
def test_a_page_knows_whether_another_one_follows(session: Session, write: Write, first: int, more: bool) -> None:
    """A page that ends exactly at the last row has none after it."""
    for number in range(3):
        write(str(number))
    assert read(session, first)[:2] == (["2", "1", "0"][:first], more)


def test_pages_join_without_gap_or_repetition(session: Session, write: Write) -> None:
    """Also among rows that were made in the same microsecond, where only the key decides."""
    for number in range(7):
        write(str(number))
    with session.begin():
        session.execute(text("UPDATE entries SET created_at = '2026-11-01 12:00:00.000001+00' WHERE id > 2"))
    session.expire_all()
    seen: list[str] = []
    more, cursor = True, None
    while more:
        titles, more, cursor = read(session, 2, cursor)
        seen += titles
    assert sorted(seen) == [str(number) for number in range(7)]


def test_a_row_that_arrives_between_two_pages_moves_nothing(session: Session, write: Write) -> None:
    """With an offset, the second page would begin with the last row of the first."""
    for number in range(4):
        write(str(number))
    first, _, cursor = read(session, 2)
    write("new")
    second, more, _ = read(session, 2, cursor)
    assert (first, second, more) == (["3", "2"], ["1", "0"], False)


def test_a_cursor_outlives_its_row(session: Session, write: Write) -> None:
    """It is a position, so the page after a deleted row is still the page after it."""
    kept, gone = write("kept"), write("gone")
    with session.begin():
        entries.remove(session, gone.id)
    assert read(session, 5, cursor_of(gone.created_at, gone.id))[0] == ["kept"]
    assert read(session, 5, cursor_of(kept.created_at, kept.id))[0] == []


@pytest.mark.parametrize("first", [0, -1, 101])
def test_a_page_that_is_too_small_or_too_large_is_refused(session: Session, first: int) -> None:
    """One request must not ask for the whole table."""
    with pytest.raises(InvalidError, match="A page has 1 to 100 rows"):
        read(session, first)


@pytest.mark.parametrize(
    "cursor",
    ["", "nonsense", "ä", "AAAA", "MjAyNg==", "MjAyNi0xMS0wMVQxMjowMDowMCAx", "eCB5IHo="],
    ids=["empty", "not base64", "not ASCII", "not text", "no key", "no time zone", "three parts"],
)
def test_what_is_no_cursor_is_refused(session: Session, cursor: str) -> None:
    """A cursor comes from the client, so it may be anything."""
    with pytest.raises(InvalidError) as refused:
        read(session, 5, cursor)
    assert refused.value.field == "after"
