"""The types of the API, each made from a row."""

# Strawberry gives its decorators no type.
# mypy: disallow-untyped-decorators=False

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

import strawberry

from backend.src import models
from backend.src.graphql.context import Info
from backend.src.models import Visibility
from backend.src.services.errors import ServiceError
from backend.src.services.pages import Page, Row, cursor_of

__all__ = ["Connection", "Entry", "EntryPayload", "RemovedPayload", "Tag", "User", "UserError", "UserPayload"]

Node = TypeVar("Node")

strawberry.enum(Visibility, description="Who may read an entry.")


@strawberry.type(description="A word that entries are found by.")
class Tag:
    name: str


@strawberry.type(description="Someone who writes entries.")
class User:
    id: strawberry.ID
    email: str
    display_name: str
    created_at: datetime

    @strawberry.field(description="How many entries the user has, without the archive.")
    async def entry_count(self, info: Info) -> int:
        return await info.context.entry_counts.load(int(self.id))

    @classmethod
    def of(cls, row: models.User) -> User:
        return cls(
            id=strawberry.ID(str(row.id)), email=row.email, display_name=row.display_name, created_at=row.created_at
        )


@strawberry.type(description="Something a user wrote.")
class Entry:
    id: strawberry.ID
    user_id: strawberry.Private[int]
    title: str
    body: str
    visibility: Visibility
    is_archived: bool
    created_at: datetime
    updated_at: datetime

    @strawberry.field(description="Who wrote it; null when they were removed while the request ran.")
    async def author(self, info: Info) -> User | None:
        row = await info.context.users.load(self.user_id)
        return User.of(row) if row else None

    @strawberry.field(description="Its tags by name.")
    async def tags(self, info: Info) -> list[Tag]:
        return [Tag(name=row.name) for row in await info.context.tags.load(int(self.id))]

    @classmethod
    def of(cls, row: models.Entry) -> Entry:
        return cls(
            id=strawberry.ID(str(row.id)),
            user_id=row.user_id,
            title=row.title,
            body=row.body,
            visibility=row.visibility,
            is_archived=row.is_archived,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@strawberry.type(description="Where a page ends.")
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type(description="A row and its place in the list.")
class Edge(Generic[Node]):
    cursor: str
    node: Node


@strawberry.type(description="A page of a list, the newest first.")
class Connection(Generic[Node]):
    edges: list[Edge[Node]]
    page_info: PageInfo

    @classmethod
    def of(cls, page: Page[Row], node: Callable[[Row], Node]) -> Connection[Node]:
        edges = [Edge(cursor=cursor_of(row.created_at, row.id), node=node(row)) for row in page.rows]
        end = edges[-1].cursor if edges else None
        return cls(edges=edges, page_info=PageInfo(has_next_page=page.has_next, end_cursor=end))


@strawberry.type(description="What was wrong with a request.")
class UserError:
    code: str
    message: str
    field: str | None = strawberry.field(description="The input at fault; null when it is none in particular.")

    @classmethod
    def of(cls, error: ServiceError) -> UserError:
        return cls(code=error.code, message=error.message, field=error.field)


@strawberry.type(description="The user after the change, or why there was none.")
class UserPayload:
    user: User | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="The entry after the change, or why there was none.")
class EntryPayload:
    entry: Entry | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="What was removed, or why nothing was.")
class RemovedPayload:
    id: strawberry.ID | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)
