"""`headgate.service`: start the service and exercise it; a small one is started here, by the real server."""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from headgate import service
from headgate.config import Backend, Config
from headgate.errors import HeadgateError

APP = '''
import json
import os

from graphql import build_schema, graphql_sync

HEALTH = (200, {"revision": "20261122170212", "database": os.environ["APP_DB"]})
ROOT = {"users": [{"name": "Amy"}], "names": ["Amy"], "grid": [["RED"]], "version": "1", "color": "RED"}
SCHEMA = """
type User { name: String! }
enum Color { RED GREEN }
type Query {
  users(first: Int! = 10, after: ID): [User!]!
  names: [String!]!
  grid: [[Color!]!]!
  version: String
  color: Color!
  user(id: ID!): User
}
"""


async def app(scope, receive, send):
    assert scope["type"] == "http"
    status, answer = HEALTH
    if scope["path"] == "/graphql":
        query = json.loads((await receive())["body"])["query"]
        result = graphql_sync(build_schema(SCHEMA), query, ROOT)
        status, answer = 200, result.formatted
    elif scope["path"] != "/health":
        status, answer = 404, "no such page"
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
'''


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A project with that service."""
    root = tmp_path / "mein Prøjekt"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "main.py").write_text(APP)
    return Config(root=root, url_variable="APP_DB", backend=Backend(folder="shop", app="main:app"))


def _rewrite(config: Config, old: str, new: str) -> None:
    assert old in APP
    (config.root / "shop" / "main.py").write_text(APP.replace(old, new))


def _refused(config: Config, head: str | None = "20261122170212") -> HeadgateError:
    with pytest.raises(HeadgateError) as caught:
        service.smoke(config, "postgresql://db/app", head)
    return caught.value


def test_a_smoke_shows_health_and_every_query_that_needs_no_argument(config: Config) -> None:
    """Lists, lists of lists, enums and defaults included: a query that is sent wrongly would look like a defect."""
    health = {"revision": "20261122170212", "database": "postgresql://db/app"}

    assert service.smoke(config, "postgresql://db/app", "20261122170212") == [
        f"/health: {json.dumps(health)}",
        "/graphql: 6 queries, answered without arguments: users, names, grid, version, color",
    ]


def test_a_health_page_must_name_the_head(config: Config) -> None:
    """It is how an operator sees that a deployment has migrated."""
    assert _refused(config, "20269999999999").what == (
        '/health says {"revision": "20261122170212", "database": "postgresql://db/app"},'
        " not that the database is at 20269999999999."
    )
    assert service.smoke(config, "postgresql://db/app", None)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"/health"', '"/healthz"', "HTTP Error 404: Not Found"),
        ("HEALTH = (200", "HEALTH = (503", "HTTP Error 503: Service Unavailable"),
        ("json.dumps(answer).encode()", "b'fine'", "Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_a_health_page_that_is_none_is_told(config: Config, old: str, new: str, why: str) -> None:
    """The service has started; what it answers is wrong."""
    _rewrite(config, old, new)

    assert _refused(config).what == f"/health gives no JSON: {why}."


def test_a_query_that_fails_is_told_with_its_message(config: Config) -> None:
    """As a client would see it."""
    _rewrite(config, '"names": ["Amy"]', '"names": None')

    error = _refused(config)

    assert error.what == ("/graphql answers { names } with: Cannot return null for non-nullable field Query.names.")
    assert error.fix == "Run `inv backend.serve` and send the same query."


def test_a_graphql_page_that_is_none_is_told(config: Config) -> None:
    """A wrong path in the settings, mostly."""
    _rewrite(config, '"/graphql"', '"/api"')

    assert _refused(config).what.endswith("} with: HTTP Error 404: Not Found.")


def test_a_service_that_does_not_start_is_told_with_its_last_words(config: Config) -> None:
    """A missing variable, a syntax error: the last line of the traceback says it."""
    _rewrite(config, "import os\n", "import os\n\nos.environ['NO_SUCH_VARIABLE']\n")

    error = _refused(config)

    assert error.what == "main:app does not start: KeyError: 'NO_SUCH_VARIABLE'"
    assert error.fix == "Run `inv backend.serve` to see the whole of it."


def test_the_service_ends_with_the_block(config: Config) -> None:
    """Its port is free again, also when the block failed."""
    with suppress(ZeroDivisionError), service.running(config, "postgresql://db/app") as base:
        with urllib.request.urlopen(f"{base}/health") as answer:
            assert answer.status == 200
        raise ZeroDivisionError

    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{base}/health")


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    """With the setting that names it."""
    with pytest.raises(HeadgateError) as caught:
        service.folder(Config(root=tmp_path))

    assert caught.value.what == f"There is no service in {tmp_path}/backend."
    assert caught.value.fix == 'Set folder in [tool.headgate.backend], as in folder = "backend".'


def test_the_command_serves_the_app_on_the_port(config: Config) -> None:
    """With this environment's Python, whatever is on PATH."""
    command = service.serve_command(config, 0, reload=False)

    assert command == [sys.executable, "-m", "uvicorn", "main:app", "--port", "0"]
    assert service.serve_command(config, 0, reload=True) == [*command, "--reload"]


def test_a_port_in_use_is_refused_with_a_free_one(config: Config) -> None:
    """uvicorn's own message comes after half a second of imports and names no way out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(HeadgateError) as caught:
            service.serve_command(config, port, reload=False)

    assert caught.value.what == f"Port {port} cannot be listened on: Address already in use."
    other = int(caught.value.fix.removeprefix("Choose another one: inv backend.serve --port "))
    assert 0 < other != port


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_refused(config: Config, port: int) -> None:
    """In the same two lines."""
    with pytest.raises(HeadgateError) as caught:
        service.serve_command(config, port, reload=False)

    assert caught.value.what == f"Port {port} cannot be listened on: a port is a number from 0 to 65535."


def test_a_command_runs_in_the_services_folder(config: Config, capfd: pytest.CaptureFixture[str]) -> None:
    """Its output is the user's, and its exit code is handed on."""
    code, output = service.run(config, [sys.executable, "-c", "import os; print(os.getcwd()); raise SystemExit(3)"])

    assert (code, output) == (3, "")
    assert capfd.readouterr().out == f"{config.root / 'shop'}\n"


def test_the_suite_is_pytest_of_this_environment() -> None:
    """The line that the workflow document prints, without asking PATH."""
    assert service.suite_command() == [sys.executable, "-m", "pytest", "-q"]
