"""`headgate.apply.guard`: what env.py gets in one line each, on a real server and under plain Alembic."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from headgate.apply import guard
from headgate.apply.guard import DeploymentError
from headgate.errors import HeadgateError
from headgate.postgres.scratch import Database
from tests.projects import ENV, Made

GUARDED_ENV = (
    ENV.replace("import os\n", "import os\n\nfrom headgate.apply import guard\n")
    .replace(
        "with create_engine(url, poolclass=pool.NullPool).connect() as connection:",
        "with guard.connect(create_engine(url, poolclass=pool.NullPool), deploy_lock_wait=0) as connection:",
    )
    .replace("transaction_per_migration=True", "**guard.options()")
)


@pytest.fixture
def engine(database: Database) -> Engine:
    """On a database of the test's own."""
    return create_engine(database.url(), poolclass=NullPool)


def _refused(engine: Engine, **options: Any) -> DeploymentError:
    with pytest.raises(DeploymentError) as caught, guard.connect(engine, **options):
        pass
    return caught.value


def test_the_timeouts_reach_the_server(engine: Engine) -> None:
    """Read back from the server; a statement that queues for a lock holds up every reader behind it."""
    with guard.connect(engine, lock_timeout="1500ms", statement_timeout="3min") as connection:
        shown = {
            name: connection.scalar(text(f"SHOW {name}"))
            for name in ("lock_timeout", "statement_timeout", "client_connection_check_interval", "application_name")
        }

    assert shown == {
        "lock_timeout": "1500ms",
        "statement_timeout": "3min",
        "client_connection_check_interval": "1s",
        "application_name": "alembic",
    }


def test_a_lock_that_is_not_given_in_time_fails(engine: Engine) -> None:
    """It is the setting's effect that counts."""
    with engine.begin() as holder:
        holder.execute(text("CREATE TABLE entries ()"))
    with engine.connect() as holder, guard.connect(engine, lock_timeout="10ms") as connection:
        holder.execute(text("LOCK entries"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            connection.execute(text("ALTER TABLE entries ADD x int"))


def test_the_connection_is_in_no_transaction(engine: Engine) -> None:
    """Else Alembic would leave the commit to its caller, who does not know of it."""
    with guard.connect(engine) as connection:
        assert not connection.in_transaction()


def test_a_second_deployment_waits_for_the_first(engine: Engine) -> None:
    """Two replicas of a service start together; the second then finds its work done."""
    order: list[str] = []

    def deploy() -> None:
        with guard.connect(engine, deploy_lock_wait=60):
            order.append("second")

    with guard.connect(engine) as first:
        second = threading.Thread(target=deploy)
        second.start()
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_lock%' AND pid <> :me")
        me = first.scalar(text("SELECT pg_backend_pid()"))
        while second.is_alive() and not first.scalar(waiting, {"me": me}):
            first.rollback()
        order.append("first")
    second.join()

    assert order == ["first", "second"]


def test_a_second_deployment_that_has_waited_enough_names_the_holder(engine: Engine) -> None:
    """Somebody has to be asked, or a session ended: by its pid."""
    with guard.connect(engine) as first:
        pid = first.scalar(text("SELECT pg_backend_pid()"))
        error = _refused(engine, deploy_lock_wait=0)

    assert re.fullmatch(
        rf"Another deployment holds the migration lock: pid {pid} \(alembic\) of postgres from this machine,"
        r" connected since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.",
        error.what,
    )
    assert error.fix == "Wait for it to end and run the command again (waited 0 s; nothing was changed)."


def test_deployments_of_other_databases_do_not_wait(engine: Engine, database: Database) -> None:
    """Advisory locks are per database."""
    other = create_engine(database.server.url(), poolclass=NullPool)
    with guard.connect(engine), guard.connect(other, deploy_lock_wait=0) as second:
        assert second.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("failing", [True, False], ids=["failure", "success"])
def test_the_lock_is_given_back(engine: Engine, failing: bool) -> None:
    """Also by a pooled connection, which stays open, in whatever state a failure left its transaction."""
    pooled = create_engine(engine.url)
    if failing:
        with pytest.raises(DBAPIError, match="nowhere"), guard.connect(pooled) as connection:
            connection.execute(text("SELECT * FROM nowhere"))
    else:
        with guard.connect(pooled):
            pass

    with guard.connect(engine, deploy_lock_wait=0) as second:
        assert second.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 1
    pooled.dispose()


def test_a_session_that_is_ended_says_what_ended_it(engine: Engine) -> None:
    """The lock went with it; trying to give it back must not hide the reason."""
    with pytest.raises(DBAPIError, match="administrator command"), guard.connect(engine) as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with guard.connect(engine, deploy_lock_wait=0):
        pass


def test_settings_that_a_pooler_takes_back_are_noticed(engine: Engine) -> None:
    """PgBouncer in transaction mode gives each transaction another session, or resets it in between."""

    @event.listens_for(engine, "commit")
    def reset(connection: Any) -> None:
        connection.connection.cursor().execute("RESET ALL")

    error = _refused(engine)

    assert error.what == "The connection goes through a pooler that changes the server session between transactions."
    assert "direct connection" in error.fix


def test_another_database_than_postgresql_passes_through() -> None:
    """Some projects test on SQLite."""
    with guard.connect(create_engine("sqlite://", poolclass=NullPool)) as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_server_that_cannot_be_reached_is_told_without_the_password() -> None:
    """One line of libpq's four, and the URL."""
    error = _refused(create_engine("postgresql+psycopg://amy:tiger%40zoo@127.0.0.1:1/app"))

    assert error.what.startswith("The database postgresql+psycopg://amy:***@127.0.0.1:1/app cannot be reached: ")
    assert error.what.endswith("Connection refused.")
    assert error.fix == "Start the server or correct the URL; nothing was changed."


def test_a_failure_is_headgates_and_alembics() -> None:
    """Either front end then prints it in its own way, and a child process hands it on."""
    error = DeploymentError("what", "fix")

    assert isinstance(error, HeadgateError)
    assert isinstance(error, CommandError)
    assert str(error) == "what\nfix"


def test_plain_alembic_prints_two_lines_and_no_traceback(
    real: Callable[..., Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback through five libraries says less than the two lines."""
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://amy:tiger@127.0.0.1:1/app")

    done = real(env=GUARDED_ENV).alembic("upgrade", "head")

    assert done.returncode != 0
    assert done.stdout.strip().splitlines()[-1].strip() == ("Start the server or correct the URL; nothing was changed.")
    assert "FAILED: The database postgresql+psycopg://amy:***@127.0.0.1:1/app cannot be reached: " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "tiger" not in done.stdout + done.stderr


def test_plain_alembic_upgrades_behind_the_guard(real: Callable[..., Made], engine: Engine) -> None:
    """And is turned away while another deployment is under way."""
    made = real(env=GUARDED_ENV)
    with guard.connect(engine):
        assert "FAILED: Another deployment holds the migration lock" in made.alembic("upgrade", "head").stdout

    done = made.alembic("upgrade", "head")

    assert done.returncode == 0, done.stderr
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM entries")) == 0


def test_the_options_are_what_every_project_should_have() -> None:
    """Alembic's own defaults are none of these."""
    options = guard.options()

    assert {name: value for name, value in options.items() if value is True} == {
        "transaction_per_migration": True,
        "compare_type": True,
        "compare_server_default": True,
    }
    assert callable(options["process_revision_directives"])
