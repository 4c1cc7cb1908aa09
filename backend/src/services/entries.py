"""Entries: writing, finding and archiving them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, delete, exists, func, literal_column, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.src.models import Entry, EntryTag, Tag, Visibility
from backend.src.models.entry import SEARCH_DOCUMENT
from backend.src.services.errors import NotFoundError
from backend.src.services.pages import Page, read_page
from backend.src.services.tags import normal_name
from backend.src.services.text import between, storable

__all__ = ["Filter", "create", "get", "page", "remove", "set_archived", "update"]

MAX_TITLE = 200


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; what is `None` does not matter.

    Args:
        user_id: whose.
        archived: the archive, or what is not in it.
        visibility: who may read it.
        tag: the name of a tag.
        search: words, in the syntax of a web search.
    """

    user_id: int | None = None
    archived: bool | None = False
    visibility: Visibility | None = None
    tag: str | None = None
    search: str | None = None


def create(
    session: Session, *, user_id: int, title: str, body: str = "", visibility: Visibility = Visibility.PRIVATE
) -> Entry:
    """Write an entry.

    Raises:
        InvalidError: the title is blank or too long.
        NotFoundError: there is no such user.
    """
    entry = Entry(user_id=user_id, title=_title(title), body=storable(body, "body"), visibility=visibility)
    session.add(entry)
    try:
        session.flush()
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", None) != "fk_entries_user_id_users":
            raise
        raise NotFoundError("There is no such user.", field="userId") from None
    return entry


def update(
    session: Session,
    entry_id: int,
    *,
    title: str | None = None,
    body: str | None = None,
    visibility: Visibility | None = None,
) -> Entry:
    """Change what is given and leave the rest.

    Raises:
        InvalidError: the title is blank or too long.
        NotFoundError: there is no such entry.
    """
    entry = _existing(session, entry_id)
    if title is not None:
        entry.title = _title(title)
    if body is not None:
        entry.body = storable(body, "body")
    if visibility is not None:
        entry.visibility = visibility
    session.flush()
    session.refresh(entry)
    return entry


def set_archived(session: Session, entry_id: int, *, archived: bool) -> Entry:
    """Put an entry into the archive or take it out. Doing it twice is no error.

    Raises:
        NotFoundError: there is no such entry.
    """
    entry = _existing(session, entry_id)
    entry.is_archived = archived
    session.flush()
    session.refresh(entry)
    return entry


def remove(session: Session, entry_id: int) -> int:
    """Delete an entry for good.

    Raises:
        NotFoundError: there is no such entry.
    """
    removed: int | None = session.scalar(delete(Entry).where(Entry.id == entry_id).returning(Entry.id))
    if removed is None:
        raise NotFoundError("There is no such entry.", field="entryId")
    return removed


def get(session: Session, entry_id: int) -> Entry | None:
    """Give an entry, or `None`."""
    return session.get(Entry, entry_id)


def page(session: Session, wanted: Filter, *, first: int, after: str | None) -> Page[Entry]:
    """Give a page of entries, the newest first."""
    return read_page(session, Entry, matching(wanted), first=first, after=after)


def matching(wanted: Filter) -> Select[Entry]:
    """Give the query for a filter, without an order."""
    query = select(Entry)
    if wanted.user_id is not None:
        query = query.where(Entry.user_id == wanted.user_id)
    if wanted.archived is not None:
        # `NOT is_archived` is the predicate of the partial index, and `is_archived IS false` would not match it.
        query = query.where(Entry.is_archived if wanted.archived else ~Entry.is_archived)
    if wanted.visibility is not None:
        query = query.where(Entry.visibility == wanted.visibility)
    if wanted.tag is not None:
        tagged = exists().where(EntryTag.entry_id == Entry.id, EntryTag.tag_id == Tag.id)
        query = query.where(tagged.where(Tag.name == normal_name(wanted.tag)))
    if wanted.search is not None:
        words = func.websearch_to_tsquery(literal_column("'english'"), storable(wanted.search, "search"))
        query = query.where(SEARCH_DOCUMENT.op("@@")(words))
    return query


def _existing(session: Session, entry_id: int) -> Entry:
    entry = session.get(Entry, entry_id)
    if entry is None:
        raise NotFoundError("There is no such entry.", field="entryId")
    return entry


def _title(text: str) -> str:
    return between(text.strip(), MAX_TITLE, what="A title", field="title")
