"""Users."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.src.models import Entry, User
from backend.src.services import users
from backend.src.services.errors import ConflictError, InvalidError, NotFoundError


def test_an_address_is_stored_in_one_spelling(session: Session) -> None:
    """Two spellings of one address would be two accounts of one person."""
    user = users.create(session, email="  Ada@Example.ORG ", display_name="Ada")
    assert user.email == "ada@example.org"


def test_an_address_belongs_to_one_user(session: Session, author: User) -> None:
    """The constraint decides, not a query before it: the query would lose a race."""
    with pytest.raises(ConflictError, match=r"ada@example\.org already belongs to a user\."):
        users.create(session, email=author.email.upper(), display_name="Another Ada")


@pytest.mark.parametrize("email", ["", "ada", "@example.org", "ada@", "a@b@c", "a da@example.org", f"{'a' * 320}@b"])
def test_what_cannot_be_an_address_is_refused(session: Session, email: str) -> None:
    """A mistyped address is cheapest to find while its owner is still there."""
    with pytest.raises(InvalidError) as refused:
        users.create(session, email=email, display_name="Ada")
    assert refused.value.field == "email"


@pytest.mark.parametrize("name", ["", " \n ", "x" * 121, "nul\0", "half \ud800"])
def test_a_name_that_nobody_could_read_is_refused(session: Session, name: str) -> None:
    """PostgreSQL would refuse the last two itself, with an error that the user cannot read."""
    with pytest.raises(InvalidError) as refused:
        users.create(session, email="ada@example.org", display_name=name)
    assert refused.value.field == "displayName"


def test_a_user_can_be_renamed(session: Session, author: User) -> None:
    """And the space around and inside the name is made one."""
    users.rename(session, author.id, display_name=" Ada \t King ")
    session.commit()
    assert session.scalars(select(User.display_name)).all() == ["Ada King"]


def test_removing_a_user_removes_their_entries(session: Session, author: User, write: object) -> None:
    """The foreign key cascades, so that no entry is left without an author."""
    assert callable(write)
    write()
    with session.begin():
        users.remove(session, author.id)
    assert session.scalar(select(func.count()).select_from(Entry)) == 0


def test_nobody_can_be_changed_who_is_not_there(session: Session) -> None:
    """Both ways of changing a user say so in the same words."""
    with pytest.raises(NotFoundError, match="There is no such user"):
        users.rename(session, 1, display_name="Ada")
    with pytest.raises(NotFoundError, match="There is no such user"):
        users.remove(session, 1)
