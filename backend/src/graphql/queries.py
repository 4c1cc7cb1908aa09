"""What can be asked."""

# Strawberry gives its decorators no type.
# mypy: disallow-untyped-decorators=False

from __future__ import annotations

import strawberry

from backend.src.graphql.context import Info
from backend.src.graphql.keys import key
from backend.src.graphql.types import Connection, Entry, Tag, User
from backend.src.models import Visibility
from backend.src.services import entries, tags, users

__all__ = ["Query"]


@strawberry.type
class Query:
    @strawberry.field(description="One user.")
    async def user(self, info: Info, id: strawberry.ID) -> User | None:
        row = await info.context.run(users.get, key(id, "id"))
        return User.of(row) if row else None

    @strawberry.field(description="All users, the newest first.")
    async def users(self, info: Info, first: int = 20, after: str | None = None) -> Connection[User]:
        return Connection.of(await info.context.run(users.page, first=first, after=after), User.of)

    @strawberry.field(description="One entry.")
    async def entry(self, info: Info, id: strawberry.ID) -> Entry | None:
        row = await info.context.run(entries.get, key(id, "id"))
        return Entry.of(row) if row else None

    @strawberry.field(description="The entries that match, the newest first.")
    async def entries(
        self,
        info: Info,
        first: int = 20,
        after: str | None = None,
        user_id: strawberry.ID | None = None,
        archived: bool | None = False,
        visibility: Visibility | None = None,
        tag: str | None = None,
        search: str | None = None,
    ) -> Connection[Entry]:
        wanted = entries.Filter(
            user_id=None if user_id is None else key(user_id, "userId"),
            archived=archived,
            visibility=visibility,
            tag=tag,
            search=search,
        )
        return Connection.of(await info.context.run(entries.page, wanted, first=first, after=after), Entry.of)

    @strawberry.field(description="All tags by name.")
    async def tags(self, info: Info) -> list[Tag]:
        return [Tag(name=row.name) for row in await info.context.run(tags.all_tags)]
