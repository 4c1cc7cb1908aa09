"""`headgate.rehearsal.isolation`: a rehearsal reaches the scratch database, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.errors import HeadgateError
from headgate.postgres import scratch
from headgate.postgres.scratch import Database
from headgate.postgres.server import Server, scratch_server
from headgate.rehearsal.model import Move, Rehearsal
from headgate.rehearsal.run import rehearse
from tests.projects import ENV, FIRST, SECOND, make_project, revision

UP = Move("up", (FIRST, SECOND), frozenset({SECOND}))
NORMAL_URL = 'url = context.config.get_main_option("sqlalchemy.url") or os.environ["DATABASE_URL"]'

# How each driver is called by those who call it themselves, by a URL and by words.
DIRECT = {
    "psycopg": "psycopg.connect({url!r}).close()",
    "psycopg words": "psycopg.connect(host={host!r}, port={port}, user={user!r}, dbname={name!r}).close()",
    "psycopg string": "psycopg.connect('host={host} port={port} user={user} dbname={name}').close()",
    "psycopg class": "psycopg.Connection.connect(conninfo={url!r}).close()",
    "psycopg subclass": "type('Own', (psycopg.Connection,), {{}}).connect({url!r}).close()",
    "psycopg async": "await (await psycopg.AsyncConnection.connect({url!r})).close()",
    "psycopg2": "psycopg2.connect({url!r}).close()",
    "psycopg2 words": "psycopg2.connect(host={host!r}, port={port}, user={user!r}, database={name!r}).close()",
    "asyncpg": "await (await asyncpg.connect({url!r})).close()",
    "asyncpg words": "await (await asyncpg.connect(host={host!r}, port={port}, user={user!r}, database={name!r}))"
    ".close()",
}


@pytest.fixture(scope="module")
def real_server(cache: Path) -> Iterator[Server]:
    """The server that must see nothing of a rehearsal."""
    with scratch_server(cache=cache) as running:
        yield running


@pytest.fixture
def real(real_server: Server) -> Iterator[Database]:
    """A database on it."""
    with scratch.database(real_server) as made:
        yield made


def _sessions(database: Database) -> int:
    """How many sessions the database has had: pg_stat_database, counted when a session starts."""
    with database.server.connect() as connection:
        row = connection.execute("SELECT sessions FROM pg_stat_database WHERE datname = %s", [database.name])
        return int((row.fetchone() or (0,))[0])


def _assert_not_reached(database: Database) -> None:
    assert _sessions(database) == 0
    database.connect().close()
    assert _sessions(database) == 1, "the witness would not have seen it"


def _rehearse(folder: Path, database: Database, env: str, **parts: str) -> Rehearsal:
    project = make_project(folder / "p", env=env, **parts).find()
    return rehearse(project, [UP], url=database.url())


def _directly(connect: str, database: Database) -> str:
    """The body of a revision that calls a driver."""
    server = database.server
    words = {"host": server.host, "port": server.port, "user": server.user, "name": database.name}
    call = connect.format(url=database.url(driver=""), **words)
    imports = "import asyncio, asyncpg, psycopg, psycopg2"
    return f"{imports}\n\nasync def main():\n    {call}\n\nasyncio.run(main())"


def _with_url(expression: str) -> str:
    assert NORMAL_URL in ENV
    return ENV.replace(NORMAL_URL, f"url = {expression}")


def test_env_py_may_take_the_url_from_either_place(tmp_path: Path, database: Database) -> None:
    """Alembic's template reads `sqlalchemy.url`, most services a variable; configparser is in between for some."""
    for number, expression in enumerate(
        (
            'context.config.get_main_option("sqlalchemy.url")',
            'context.config.get_section("alembic")["sqlalchemy.url"]',
            'os.environ["DATABASE_URL"]',
            'context.config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"])'
            ' or context.config.get_main_option("sqlalchemy.url")',
        )
    ):
        with scratch.database(database.server) as own:
            assert not _rehearse(tmp_path / str(number), own, _with_url(expression)).steps[0].failure


def test_the_variable_of_the_settings_is_the_one_that_is_set(tmp_path: Path, database: Database) -> None:
    """Not every service calls it DATABASE_URL."""
    env = _with_url('os.environ["APP_DB"]')

    assert not _rehearse(tmp_path, database, env, settings='url_variable = "APP_DB"').steps[0].failure


@pytest.mark.parametrize("same_server", [True, False], ids=["another database", "another server"])
def test_a_connection_elsewhere_is_refused_before_it_is_made(
    tmp_path: Path, database: Database, real: Database, same_server: bool
) -> None:
    """An env.py with a URL of its own would otherwise take the real database down and up again."""
    with scratch.database(database.server) as neighbour:
        elsewhere = neighbour if same_server else real

        with pytest.raises(HeadgateError) as caught:
            _rehearse(tmp_path, database, _with_url(repr(elsewhere.url())))

        _assert_not_reached(elsewhere)
    assert caught.value.what == (
        f"The migration environment connects to postgresql at {elsewhere.server.host}/{elsewhere.name},"
        " not to the scratch database."
    )
    assert caught.value.fix == (
        "Have env.py take its URL from $DATABASE_URL or from sqlalchemy.url; nothing was reached."
    )


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("sqlite:///app.db", "sqlite"),
        ("postgresql+psycopg://amy:secret@db.example.org/app", "postgresql at db.example.org/app"),
        ("postgresql+psycopg://", "postgresql"),
    ],
)
def test_the_refusal_names_the_place_and_no_password(tmp_path: Path, database: Database, url: str, where: str) -> None:
    """What is behind a URL without a host depends on the machine, so that is refused as well."""
    with pytest.raises(HeadgateError) as caught:
        _rehearse(tmp_path, database, _with_url(repr(url)))

    assert caught.value.what == f"The migration environment connects to {where}, not to the scratch database."


@pytest.mark.parametrize("detour", ["hostaddr=127.0.0.1", "service=production"])
def test_a_detour_in_the_url_is_refused(tmp_path: Path, database: Database, detour: str) -> None:
    """libpq connects to `hostaddr`, and shows `host`."""
    with pytest.raises(HeadgateError, match="not to the scratch database"):
        _rehearse(tmp_path, database, _with_url(f'os.environ["DATABASE_URL"] + "&{detour}"'))


@pytest.mark.parametrize("variable", ["PGHOSTADDR", "PGSERVICE"])
def test_a_detour_in_the_environment_is_not_taken(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """It would send a connection to the scratch server's socket to another machine."""
    project = make_project(tmp_path / "p").find()
    monkeypatch.setenv(variable, "127.0.0.1")

    assert not rehearse(project, [UP], url=database.url()).steps[0].failure


def test_a_second_engine_in_a_revision_is_refused_too(tmp_path: Path, database: Database, real: Database) -> None:
    """The rule is SQLAlchemy's class, not env.py's engine."""
    up = f"with sa.create_engine({real.url()!r}).connect() as other:\n    other.exec_driver_sql('CREATE TABLE t ()')"
    project = make_project(tmp_path / "p", {"one.py": revision(FIRST, None, up)}).find()

    with pytest.raises(HeadgateError, match="not to the scratch database"):
        rehearse(project, [Move("up", (FIRST,))], url=database.url())

    _assert_not_reached(real)


@pytest.mark.parametrize("connect", DIRECT.values(), ids=DIRECT)
def test_a_driver_that_is_called_directly_is_refused_before_it_connects(
    tmp_path: Path, database: Database, real: Database, connect: str
) -> None:
    """A backfill with a connection of its own is the commonest detour around env.py's engine."""
    project = make_project(tmp_path / "p", {"one.py": revision(FIRST, None, _directly(connect, real))}).find()

    with pytest.raises(HeadgateError) as caught:
        rehearse(project, [Move("up", (FIRST,))], url=database.url())

    _assert_not_reached(real)
    assert str(caught.value) == (
        f"The migration environment connects to postgresql at {real.server.host}/{real.name},"
        " not to the scratch database.\n"
        "Have env.py take its URL from $DATABASE_URL or from sqlalchemy.url; nothing was reached."
    )


@pytest.mark.parametrize("connect", DIRECT.values(), ids=DIRECT)
def test_a_driver_may_connect_to_the_scratch_database(tmp_path: Path, database: Database, connect: str) -> None:
    """What the revision does there is rehearsed as well."""
    project = make_project(tmp_path / "p", {"one.py": revision(FIRST, None, _directly(connect, database))}).find()

    assert not rehearse(project, [Move("up", (FIRST,))], url=database.url()).steps[0].failure


def test_a_pool_asks_too(tmp_path: Path, database: Database, real: Database) -> None:
    """asyncpg's pool looks the function up in another module than its users do."""
    pool = "async with asyncpg.create_pool(host={host!r}, port={port}, user={user!r}, database={name!r}): pass"
    project = make_project(tmp_path / "p", {"one.py": revision(FIRST, None, _directly(pool, real))}).find()

    with pytest.raises(HeadgateError, match="not to the scratch database"):
        rehearse(project, [Move("up", (FIRST,))], url=database.url())

    _assert_not_reached(real)


def test_a_direct_connection_that_says_no_place_is_refused(tmp_path: Path, database: Database) -> None:
    """It goes where the machine's environment leads it."""
    up = _directly("psycopg.connect()", database)
    project = make_project(tmp_path / "p", {"one.py": revision(FIRST, None, up)}).find()

    with pytest.raises(HeadgateError, match="The migration environment connects to postgresql, not to the scratch"):
        rehearse(project, [Move("up", (FIRST,))], url=database.url())


def test_a_detour_that_env_py_puts_into_the_environment_is_not_taken(tmp_path: Path, database: Database) -> None:
    """It may load a .env file that is meant for the real database."""
    env = ENV.replace("import os", 'import os\n\nos.environ.update(PGHOSTADDR="192.0.2.1", PGSERVICE="production")')

    assert not _rehearse(tmp_path, database, env).steps[0].failure


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_an_engine_that_connects_by_itself_is_held_to_the_same(
    tmp_path: Path, database: Database, real: Database, driver: str
) -> None:
    """`creator` is how the cloud providers' connectors do it, and SQLAlchemy then asks nobody."""

    def env(place: Database) -> str:
        creator = f"creator=lambda: __import__({driver!r}).connect({place.url(driver='')!r})"
        return ENV.replace("create_engine(url,", f"create_engine('postgresql+{driver}://', {creator},")

    with pytest.raises(HeadgateError, match="not to the scratch database"):
        _rehearse(tmp_path / "real", database, env(real))

    _assert_not_reached(real)
    assert not _rehearse(tmp_path / "scratch", database, env(database)).steps[0].failure


def test_an_engine_that_connects_with_an_unknown_driver_is_given_no_statement(
    tmp_path: Path, database: Database
) -> None:
    """Nobody asked where it goes, so nobody knows."""
    env = ENV.replace("create_engine(url,", "create_engine('sqlite://', creator=lambda: sqlite3.connect(':memory:'),")

    with pytest.raises(HeadgateError) as caught:
        _rehearse(tmp_path, database, env.replace("import os", "import os\nimport sqlite3"))

    assert caught.value.what == (
        "The migration environment opens connections itself (create_engine with creator=…) with a driver that headgate"
        " does not know, so nothing says that they go to the scratch database."
    )


def test_the_models_database_is_the_only_other_one(tmp_path: Path, database: Database) -> None:
    """headgate builds it in the same process, by the same rule."""
    project = make_project(tmp_path / "p").find()
    with scratch.database(database.server) as of_models:
        rehearsal = rehearse(project, [UP], url=database.url(), models_url=of_models.url())

    assert rehearsal.models
    assert not rehearsal.models_failure


def test_relative_names_mean_what_they_mean_to_alembic(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alembic is run beside its ini file; headgate from anywhere."""
    monkeypatch.chdir(tmp_path)
    env = ENV.replace("import os", 'import os\n\nassert os.path.exists("models.py")')

    assert not _rehearse(tmp_path, database, env).steps[0].failure
