"""The health endpoint."""

from __future__ import annotations

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

from backend.main import create_app
from backend.src.core.config import BACKEND
from backend.tests.conftest import Migrations, request
from headgate.postgres.scratch import Database

HEAD = ScriptDirectory.from_config(Config(BACKEND / "alembic.ini")).get_current_head()


def health(url: str) -> tuple[int, dict[str, object]]:
    answer = request(create_app(sessionmaker(create_engine(url, poolclass=NullPool))), "GET", "/health")
    return answer.status_code, answer.json()


def test_a_database_at_head_is_named_as_such(database: Database) -> None:
    """The deployment looks here to see whether the migration has arrived."""
    assert health(database.url()) == (200, {"status": "ok", "revision": HEAD, "head": HEAD, "is_head": True})


def test_a_database_behind_the_code_is_told_and_still_healthy(empty: Database) -> None:
    """A deployment that migrates after it has started servers must not lose them to a health check."""
    Migrations(empty.url()).upgrade("20261008143000")
    expected = {"status": "ok", "revision": "20261008143000", "head": HEAD, "is_head": False}
    assert health(empty.url()) == (200, expected)


def test_a_database_ahead_of_the_code_is_told_and_still_healthy(empty: Database) -> None:
    """Old code meets a newer database in the middle of every deployment."""
    with empty.connect() as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('20991231235959')")
    assert health(empty.url())[1]["revision"] == "20991231235959"


def test_a_database_without_a_revision_is_told(empty: Database) -> None:
    """Nothing was ever applied: not an error, but not head either."""
    assert health(empty.url()) == (200, {"status": "ok", "revision": None, "head": HEAD, "is_head": False})


def test_a_database_that_cannot_be_reached_is_an_error_without_its_address() -> None:
    """The address holds a password, and whoever may ask for the health need not know it."""
    status, answer = health("postgresql+psycopg://app:secret@localhost:1/app")
    assert (status, answer) == (503, {"status": "no database"})
