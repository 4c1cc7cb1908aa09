"""What one request has: a way to run a service, and the loaders that keep a list from asking once a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from strawberry import Info as StrawberryInfo
from strawberry.dataloader import DataLoader
from strawberry.fastapi import BaseContext

from backend.src.models import Tag, User
from backend.src.services import tags, users

__all__ = ["Context", "Info", "OpenSession"]

OpenSession: TypeAlias = Callable[[], Session]

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D")


class Context(BaseContext):
    """The context of one request.

    Args:
        open_session: gives a new session.
    """

    def __init__(self, open_session: OpenSession) -> None:
        super().__init__()
        self._open_session = open_session
        self.users: DataLoader[int, User | None] = self._loader(users.with_ids, None)
        self.entry_counts: DataLoader[int, int] = self._loader(users.count_entries, 0)
        self.tags: DataLoader[int, list[Tag]] = self._loader(tags.of_entries, [])

    async def run(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a service function in a thread, with a session and a transaction of its own.

        Resolvers beside each other run at once, and a session is not for two threads: hence one each.
        """

        def transaction() -> T:
            with self._open_session() as session, session.begin():
                return work(session, *args, **kwargs)

        return await run_in_threadpool(transaction)

    def _loader(self, work: Callable[[Session, Iterable[int]], Mapping[int, T]], missing: D) -> DataLoader[int, T | D]:
        async def load(ids: list[int]) -> list[T | D]:
            found = await self.run(work, ids)
            return [found.get(id_, missing) for id_ in ids]

        return DataLoader(load)


Info: TypeAlias = StrawberryInfo[Context, None]
