"""Users: who they are, and what happens when they leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.src.models import Entry, User
from backend.src.services.errors import ConflictError, InvalidError, NotFoundError
from backend.src.services.pages import Page, read_page
from backend.src.services.text import between, storable

__all__ = ["count_entries", "create", "get", "page", "remove", "rename", "with_ids"]

MAX_EMAIL = 320
MAX_DISPLAY_NAME = 120


def create(session: Session, *, email: str, display_name: str) -> User:
    """Add a user.

    Raises:
        InvalidError: the address or the name cannot be one.
        ConflictError: another user has the address, in whatever case it was written.
    """
    user = User(email=_email(email), display_name=_display_name(display_name))
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        # Asking first whether the address is free would lose a race; the constraint does not.
        if getattr(getattr(error.orig, "diag", None), "constraint_name", None) != "uq_users_email":
            raise
        raise ConflictError(f"{user.email} already belongs to a user.", field="email") from None
    return user


def rename(session: Session, user_id: int, *, display_name: str) -> User:
    """Change the name that others see.

    Raises:
        InvalidError: the name is blank or too long.
        NotFoundError: there is no such user.
    """
    user = session.get(User, user_id)
    if user is None:
        raise NotFoundError("There is no such user.", field="userId")
    user.display_name = _display_name(display_name)
    return user


def remove(session: Session, user_id: int) -> int:
    """Remove a user, and with them their entries: the foreign key cascades.

    Raises:
        NotFoundError: there is no such user.
    """
    removed: int | None = session.scalar(delete(User).where(User.id == user_id).returning(User.id))
    if removed is None:
        raise NotFoundError("There is no such user.", field="userId")
    return removed


def get(session: Session, user_id: int) -> User | None:
    """Give a user, or `None`."""
    return session.get(User, user_id)


def page(session: Session, *, first: int, after: str | None) -> Page[User]:
    """Give a page of users, the newest first."""
    return read_page(session, User, select(User), first=first, after=after)


def with_ids(session: Session, ids: Iterable[int]) -> Mapping[int, User]:
    """Give users by id, in one statement."""
    return {user.id: user for user in session.scalars(select(User).where(User.id.in_(ids)))}


def count_entries(session: Session, ids: Iterable[int]) -> Mapping[int, int]:
    """Count the entries of users that are not archived, in one statement; who has none is not in the answer."""
    counts = (
        select(Entry.user_id, func.count()).where(Entry.user_id.in_(ids), ~Entry.is_archived).group_by(Entry.user_id)
    )
    return dict(session.execute(counts).all())


def _email(text: str) -> str:
    email = storable(text, "email").strip().lower()
    name, at, host = email.partition("@")
    # Only what can never be delivered is refused; whether an address works is known when a mail has arrived.
    if not (name and at and host) or "@" in host or any(map(str.isspace, email)) or len(email) > MAX_EMAIL:
        raise InvalidError("This is not an email address.", field="email")
    return email


def _display_name(text: str) -> str:
    return between(" ".join(text.split()), MAX_DISPLAY_NAME, what="A name", field="displayName")
