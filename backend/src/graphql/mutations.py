"""What can be changed. A request that cannot be met is answered with `userErrors`, not with a failure."""

# Strawberry gives its decorators no type.
# mypy: disallow-untyped-decorators=False

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver

from backend.src.graphql.context import Info
from backend.src.graphql.keys import key
from backend.src.graphql.types import Entry, EntryPayload, RemovedPayload, User, UserError, UserPayload
from backend.src.models import Visibility
from backend.src.services import entries, tags, users
from backend.src.services.errors import ServiceError

__all__ = ["Mutation"]


class Refusals(FieldExtension):
    """Turns what a service refuses into the payload's `userErrors`.

    Args:
        payload: the type that the mutation answers with.
    """

    def __init__(self, payload: type[UserPayload | EntryPayload | RemovedPayload]) -> None:
        self._payload = payload

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        try:
            return await next_(source, info, **kwargs)
        except ServiceError as error:
            return self._payload(user_errors=[UserError.of(error)])


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Add a user.", extensions=[Refusals(UserPayload)])
    async def create_user(self, info: Info, email: str, display_name: str) -> UserPayload:
        row = await info.context.run(users.create, email=email, display_name=display_name)
        return UserPayload(user=User.of(row))

    @strawberry.mutation(description="Change the name that others see.", extensions=[Refusals(UserPayload)])
    async def rename_user(self, info: Info, user_id: strawberry.ID, display_name: str) -> UserPayload:
        row = await info.context.run(users.rename, key(user_id, "userId"), display_name=display_name)
        return UserPayload(user=User.of(row))

    @strawberry.mutation(description="Remove a user with all their entries.", extensions=[Refusals(RemovedPayload)])
    async def remove_user(self, info: Info, user_id: strawberry.ID) -> RemovedPayload:
        return RemovedPayload(id=strawberry.ID(str(await info.context.run(users.remove, key(user_id, "userId")))))

    @strawberry.mutation(description="Write an entry.", extensions=[Refusals(EntryPayload)])
    async def create_entry(
        self,
        info: Info,
        user_id: strawberry.ID,
        title: str,
        body: str = "",
        visibility: Visibility = Visibility.PRIVATE,
    ) -> EntryPayload:
        row = await info.context.run(
            entries.create, user_id=key(user_id, "userId"), title=title, body=body, visibility=visibility
        )
        return EntryPayload(entry=Entry.of(row))

    @strawberry.mutation(description="Change what is given and leave the rest.", extensions=[Refusals(EntryPayload)])
    async def update_entry(
        self,
        info: Info,
        entry_id: strawberry.ID,
        title: str | None = None,
        body: str | None = None,
        visibility: Visibility | None = None,
    ) -> EntryPayload:
        row = await info.context.run(
            entries.update, key(entry_id, "entryId"), title=title, body=body, visibility=visibility
        )
        return EntryPayload(entry=Entry.of(row))

    @strawberry.mutation(
        description="Put an entry into the archive, or take it out.", extensions=[Refusals(EntryPayload)]
    )
    async def archive_entry(self, info: Info, entry_id: strawberry.ID, archived: bool = True) -> EntryPayload:
        row = await info.context.run(entries.set_archived, key(entry_id, "entryId"), archived=archived)
        return EntryPayload(entry=Entry.of(row))

    @strawberry.mutation(description="Delete an entry for good.", extensions=[Refusals(RemovedPayload)])
    async def remove_entry(self, info: Info, entry_id: strawberry.ID) -> RemovedPayload:
        return RemovedPayload(id=strawberry.ID(str(await info.context.run(entries.remove, key(entry_id, "entryId")))))

    @strawberry.mutation(description="Give an entry a tag.", extensions=[Refusals(EntryPayload)])
    async def tag_entry(self, info: Info, entry_id: strawberry.ID, tag: str) -> EntryPayload:
        return EntryPayload(entry=Entry.of(await info.context.run(tags.attach, key(entry_id, "entryId"), tag=tag)))

    @strawberry.mutation(description="Take a tag from an entry.", extensions=[Refusals(EntryPayload)])
    async def untag_entry(self, info: Info, entry_id: strawberry.ID, tag: str) -> EntryPayload:
        return EntryPayload(entry=Entry.of(await info.context.run(tags.detach, key(entry_id, "entryId"), tag=tag)))
