"""A real server for the suite, and an empty database for each test. `DATABASE_URL` is never connected to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import httpx
import pytest
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from backend.main import create_app
from backend.src.core.config import BACKEND
from backend.src.core.database import get_engine
from backend.src.models import Base, Entry, User
from backend.src.services import entries, users
from headgate import config
from headgate.postgres import scratch
from headgate.postgres.server import Server, scratch_server

Graphql: TypeAlias = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session", autouse=True)
def _nowhere() -> Iterator[None]:
    """Have whatever forgets to ask for a test database fail, instead of reaching somebody's real one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@/nowhere?host=/nowhere")
        get_engine.cache_clear()
        yield
    get_engine.cache_clear()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    settings = config.load(BACKEND)
    with scratch_server(major=settings.postgres, cache=settings.cache, url=settings.server_url) as server:
        yield server


@pytest.fixture(scope="session")
def database(server: Server, _nowhere: None) -> Iterator[scratch.Database]:
    """A database at head."""
    with scratch.database(server) as database:
        Migrations(database.url()).upgrade("head")
        yield database


@pytest.fixture
def engine(database: scratch.Database) -> Iterator[Engine]:
    """The database at head, empty again after the test: quicker than a copy for each, and ids begin at 1."""
    engine = create_engine(database.url(), poolclass=NullPool)
    yield engine
    tables = ", ".join(Base.metadata.tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))


@pytest.fixture
def empty(server: Server) -> Iterator[scratch.Database]:
    """A database that no revision has touched."""
    with scratch.database(server) as database:
        yield database


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def graphql(engine: Engine) -> Graphql:
    """Send one GraphQL request and give the whole answer."""
    app = create_app(sessionmaker(engine, expire_on_commit=False))

    def send(query: str, **variables: object) -> dict[str, Any]:
        answer: dict[str, Any] = request(app, "POST", "/graphql", {"query": query, "variables": variables}).json()
        return answer

    return send


def request(app: FastAPI, method: str, path: str, json: object = None) -> httpx.Response:
    """Send one HTTP request to an application, without a socket."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, json=json)

    return asyncio.run(send())


@pytest.fixture
def author(session: Session) -> User:
    with session.begin():
        return users.create(session, email="ada@example.org", display_name="Ada")


@pytest.fixture
def write(session: Session, author: User) -> Callable[..., Entry]:
    """Write an entry, by default as the author, in a transaction of its own: the next one is newer."""

    def entry(title: str = "A title", **values: Any) -> Entry:
        with session.begin():
            return entries.create(session, **{"user_id": author.id, "title": title, **values})

    return entry


class Migrations:
    """Alembic on one database, through the project's own ini file and env.py.

    Args:
        url: the database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._config = Config(BACKEND / "alembic.ini")

    def upgrade(self, revision: str) -> None:
        with self._on_our_database():
            command.upgrade(self._config, revision)

    def downgrade(self, revision: str) -> None:
        with self._on_our_database():
            command.downgrade(self._config, revision)

    def check(self) -> None:
        with self._on_our_database():
            command.check(self._config)

    @contextmanager
    def _on_our_database(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", self._url)
            get_engine.cache_clear()
            try:
                yield
            finally:
                get_engine().dispose()
                get_engine.cache_clear()


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that an engine sends."""
    statements: list[str] = []

    def collect(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", collect)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", collect)
