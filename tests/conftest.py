"""The servers that tests run on: real ones, started once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.config import load
from headgate.postgres import scratch
from headgate.postgres.scratch import Database
from headgate.postgres.server import Server, scratch_server


@pytest.fixture(scope="session")
def cache() -> Path:
    """The folder of prepared clusters, shared with every other run on this machine."""
    return load(Path(__file__).parent).cache


@pytest.fixture(scope="session")
def server(cache: Path) -> Iterator[Server]:
    """The PostgreSQL that headgate uses by default."""
    with scratch_server(cache=cache) as running:
        yield running


@pytest.fixture(scope="session", params=[16, 18], ids=["PostgreSQL 16", "PostgreSQL 18"])
def each_server(request: pytest.FixtureRequest, cache: Path) -> Iterator[Server]:
    """Both versions that the gate is run on, one after the other."""
    with scratch_server(major=request.param, cache=cache) as running:
        yield running


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """An empty database of one's own."""
    with scratch.database(server) as made:
        yield made


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    """Or a test would pass on what an earlier one left; those that are about it ask for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADGATE_KEEP", "0")
        yield
