"""Tags: words in lower case that entries are found by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.src.models import Entry, EntryTag, Tag
from backend.src.services.errors import NotFoundError
from backend.src.services.text import between

__all__ = ["all_tags", "attach", "detach", "normal_name", "of_entries"]

MAX_TAG = 50


def normal_name(text: str) -> str:
    """Give the form in which a tag is stored.

    Raises:
        InvalidError: nothing is left of it, or too much.
    """
    return between(" ".join(text.split()).lower(), MAX_TAG, what="A tag", field="tag")


def attach(session: Session, entry_id: int, *, tag: str) -> Entry:
    """Give an entry a tag, which is made when it is new. Doing it twice is no error.

    Raises:
        InvalidError: the tag is blank or too long.
        NotFoundError: there is no such entry.
    """
    name = normal_name(tag)
    entry = _locked(session, entry_id)
    # Two requests may make the same tag at once: the loser's insert does nothing, and both then read the winner's row.
    session.execute(insert(Tag).values(name=name).on_conflict_do_nothing())
    tag_id = session.scalars(select(Tag.id).where(Tag.name == name)).one()
    session.execute(insert(EntryTag).values(entry_id=entry_id, tag_id=tag_id).on_conflict_do_nothing())
    return entry


def detach(session: Session, entry_id: int, *, tag: str) -> Entry:
    """Take a tag from an entry; the tag itself stays. Doing it twice is no error.

    Raises:
        InvalidError: the tag is blank or too long.
        NotFoundError: there is no such entry.
    """
    name = normal_name(tag)
    entry = _locked(session, entry_id)
    tag_id = select(Tag.id).where(Tag.name == name).scalar_subquery()
    session.execute(delete(EntryTag).where(EntryTag.entry_id == entry_id, EntryTag.tag_id == tag_id))
    return entry


def all_tags(session: Session) -> Sequence[Tag]:
    """Give every tag by name."""
    return session.scalars(select(Tag).order_by(Tag.name)).all()


def of_entries(session: Session, entry_ids: Iterable[int]) -> Mapping[int, list[Tag]]:
    """Give the tags of entries by the entry's id, in one statement."""
    query = (
        select(EntryTag.entry_id, Tag)
        .join(Tag, Tag.id == EntryTag.tag_id)
        .where(EntryTag.entry_id.in_(entry_ids))
        .order_by(Tag.name)
    )
    tags: defaultdict[int, list[Tag]] = defaultdict(list)
    for entry_id, tag in session.execute(query):
        tags[entry_id].append(tag)
    return tags


def _locked(session: Session, entry_id: int) -> Entry:
    # Locked, so that nobody deletes the entry before its tag is written.
    entry = session.get(Entry, entry_id, with_for_update={"read": True, "key_share": True})
    if entry is None:
        raise NotFoundError("There is no such entry.", field="entryId")
    return entry
