"""The tasks on a fresh copy of the reference backend, with its own development server, from `setup` to `db.stop`."""

from __future__ import annotations

import json
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.checkout import clone, commit
from tests.functional.conftest import PATIENCE, Said, Terminal, error

HEAD = "20261116140000"
HOOKS = "git hooks: installed for commit and push\nnext  inv migrate.up\n"
RUNNING = "database: PostgreSQL 18.4 of this project is running\n"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which nothing has been set up."""
    root = clone(tmp_path_factory.mktemp("reference") / "headgate")
    commit(root)
    return root


@pytest.fixture(scope="module")
def inside(terminal: Terminal, copy: Path) -> Iterator[Terminal]:
    """A terminal in which `backend` is the copy's."""
    inside = replace(terminal, environment={**terminal.environment, "PYTHONPATH": str(copy)})
    yield inside
    inside.type(copy, "db.stop")


@pytest.fixture(scope="module")
def set_up(inside: Terminal, copy: Path) -> list[Said]:
    """What `doctor`, `setup`, `setup` again, `doctor --json` and the upgrade said, one after the other."""
    words = (["doctor"], ["setup"], ["setup"], ["doctor", "--json"], ["migrate.up"])
    return [inside.type(copy, *each) for each in words]


def test_doctor_finds_missing_what_setup_then_makes(set_up: list[Said]) -> None:
    """The two are one pair: whatever the first says of a fresh clone, the second can do."""
    before, _, _, after, _ = set_up
    missing = [line.split()[1:3] for line in before.out.splitlines() if line.startswith("missing")]
    assert (before.code, [words[0] for words in missing]) == (1, ["git", ".env"])
    assert before.out.count("Run: inv setup") == 2
    facts = json.loads(after.out)
    assert (after.code, [fact["name"] for fact in facts if not fact["present"]]) == (0, [])
    assert {"Python", "git", "Alembic", "PostgreSQL", "cache", "state"} <= {fact["name"] for fact in facts}


def test_setup_can_be_run_again(set_up: list[Said]) -> None:
    """It keeps what a developer has changed in .env since."""
    assert set_up[1] == Said(0, f".env: written from .env.example\n{RUNNING}{HOOKS}")
    assert set_up[2] == Said(0, f".env: kept as it is\n{RUNNING}{HOOKS}")


def test_the_upgrade_tells_what_each_revision_did(set_up: list[Said], copy: Path) -> None:
    """One line a revision, and below it the difference that it made to the schema."""
    upgraded = [line for line in set_up[4].out.splitlines() if line.startswith("upgraded to ")]
    assert (set_up[4].code, len(upgraded)) == (0, len(list((copy / "backend/alembic/versions").glob("*.py"))))
    assert "\n  + column entries.is_archived boolean NOT NULL DEFAULT false\n" in set_up[4].out
    assert set_up[4].out.endswith(f"is at {HEAD}; {len(upgraded)} applied.\n")


@pytest.mark.usefixtures("set_up")
def test_the_smoke_starts_the_service_and_asks_it(inside: Terminal, copy: Path) -> None:
    """A service that starts is not yet one that answers."""
    health = {"status": "ok", "revision": HEAD, "head": HEAD, "is_head": True}
    assert inside.type(copy, "backend.smoke") == Said(
        0,
        f"/health: {json.dumps(health)}\n/graphql: 5 queries, answered without arguments: users, entries, tags\n",
    )


@pytest.mark.usefixtures("set_up")
def test_the_service_is_served_until_ctrl_c(inside: Terminal, copy: Path) -> None:
    """On the development server, which is used because DATABASE_URL is not set."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = inside.start(copy, "backend.serve", "--port", str(port), "--no-reload")
    give_up = time.monotonic() + PATIENCE
    health = None
    while health is None and time.monotonic() < give_up and process.poll() is None:
        try:
            health = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10))
        except OSError:
            time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert (process.returncode, health) == (0, {"status": "ok", "revision": HEAD, "head": HEAD, "is_head": True})


def test_documents_that_fell_behind_are_found_and_written(inside: Terminal, copy: Path) -> None:
    """A field that was added to the GraphQL schema, and that nobody told the readers of docs/API.md."""
    assert inside.type(copy, "docs.sync").code == 0
    page = copy / "docs" / "API.md"
    current = page.read_text()
    page.write_text(current.replace("isArchived", "archived"))
    found = inside.type(copy, "docs.check")
    assert (found.code, "docs/API.md" in found.out) == (1, True)
    assert inside.type(copy, "docs.sync") == Said(0, "wrote docs/API.md\n")
    assert page.read_text() == current
    assert inside.type(copy, "docs.sync") == Said(0, "Every generated part is current.\n")


@pytest.mark.usefixtures("set_up")
def test_the_development_server_is_stopped_started_and_emptied(inside: Terminal, copy: Path) -> None:
    """Data survives a stop, and goes only when somebody says so."""
    url = inside.type(copy, "db.url")
    assert inside.type(copy, "db.start") == Said(0, f"PostgreSQL 18.4 is running: {url.out}")
    assert inside.type(copy, "db.stop") == Said(0, "The server is stopped; its data stays.\n")
    assert inside.type(copy, "db.stop") == Said(0, "The server was not running.\n")
    assert json.loads(inside.type(copy, "db.status", "--json").out)["running"] is False
    assert json.loads(inside.type(copy, "migrate.status", "--json").out)["at"] == [HEAD]
    assert inside.type(copy, "db.status").out.startswith("PostgreSQL 18.4, running, pid ")
    question = error("Nothing was done: a reset drops all data.", "Run it again with --yes: inv db.reset --yes")
    assert inside.type(copy, "db.reset") == Said(2, "", question)
    assert inside.type(copy, "db.reset", "--yes") == Said(0, "The database is empty.  next  inv migrate.up\n")
    assert json.loads(inside.type(copy, "migrate.status", "--json").out)["at"] == []
