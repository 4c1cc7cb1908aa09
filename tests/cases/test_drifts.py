"""Every measured drift is seen, and said in the sentence that a user will read."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from headgate.catalog import diff, snapshot
from headgate.postgres import scratch
from headgate.postgres.server import Server

DATA = Path(__file__).parent / "data"
CONTROL = "none (control)"

# What these need came with a later PostgreSQL than the oldest that the tests run on.
SINCE = {"computed stored -> virtual": 18}


def cases(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / file).read_text(encoding="utf-8").splitlines()]


def drift_models() -> ModuleType:
    spec = importlib.util.spec_from_file_location("drift_models", DATA / "drift_models.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def start(each_server: Server) -> Iterator[psycopg.Connection]:
    """A database with the schema that every drift starts from."""
    with scratch.database(each_server) as database:
        engine = sa.create_engine(database.url())
        drift_models().metadata().create_all(engine)
        engine.dispose()
        with database.connect(autocommit=False) as connection:
            yield connection


@pytest.fixture
def connection(start: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """That database, as it was before the last drift."""
    yield start
    start.rollback()


@pytest.mark.parametrize("case", cases("drifts.jsonl"), ids=lambda case: case["id"])
def test_a_drift_is_seen_and_no_drift_is_not(case: dict[str, Any], connection: psycopg.Connection) -> None:
    """Alembic's own check sees 21 of these 52, 25 with every option; one that it alone saw would matter."""
    if connection.info.server_version // 10000 < SINCE.get(case["id"], 0):
        with pytest.raises(psycopg.errors.SyntaxError):
            connection.execute(case["sql"])
        return
    models = snapshot(connection)
    if case["sql"]:
        connection.execute(case["sql"])
    database = snapshot(connection)
    assert bool(diff(database, models)) == (case["id"] != CONTROL)
    assert len(diff(database, models)) == len(diff(models, database))


@pytest.mark.parametrize("case", cases("further_drifts.jsonl"), ids=lambda case: case["id"])
def test_each_difference_is_one_sentence(case: dict[str, Any], connection: psycopg.Connection) -> None:
    """A consequence told beside its cause buries the cause; a golden sentence is read before it is changed."""
    if connection.info.server_version // 10000 < case.get("since", 0):
        with pytest.raises(psycopg.Error):
            connection.execute(case["sql"])
        return
    if case["setup"]:
        connection.execute(case["setup"])
    migrations = snapshot(connection)
    connection.execute(case["sql"])
    models = snapshot(connection)
    expected = [sentence.replace("{user}", connection.info.user) for sentence in case["sentences"]]
    assert [difference.sentence() for difference in diff(migrations, models)] == expected
    assert len(diff(models, migrations)) == len(expected)
