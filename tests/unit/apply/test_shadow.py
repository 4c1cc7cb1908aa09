"""`headgate.apply.shadow`: autogenerate compares with what the migrations build, whatever the database holds."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from headgate.config import load
from headgate.postgres import development, temporary
from headgate.postgres.account import service_account
from headgate.postgres.scratch import Database
from tests.projects import MODELS, REVISIONS, SECOND, THIRD, Made, make_project, revision

ENV = """\
import os
from pathlib import Path

import headgate
from alembic import context
from headgate.apply import guard
from models import metadata
from sqlalchemy import create_engine, pool

url = os.environ.get("DATABASE_URL") or headgate.development_url(Path(__file__).parent)
engine = guard.comparison_engine(context, create_engine(url, poolclass=pool.NullPool))
with guard.connect(engine) as connection:
    context.configure(connection=connection, target_metadata=metadata, **guard.options())
    with context.begin_transaction():
        context.run_migrations()
"""
SEEN = MODELS.replace('sa.Column("note", sa.Text())', 'sa.Column("note", sa.Text()), sa.Column("seen", sa.Boolean())')


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    """A folder that the server's account can enter, which pytest's own is not when root runs the tests."""
    path = Path(tempfile.mkdtemp(prefix="hg", dir=temporary.bases(service_account())[0]))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, state: Path) -> Iterator[Made]:
    """A project on a server of its own, whose database is empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADGATE_STATE", str(state))
        patch.delenv("DATABASE_URL", raising=False)
        made = make_project(tmp_path_factory.mktemp("shadow") / "p", env=ENV)
        yield made
        development.stop(load(made.root).root, state=state)


def _tables(made: Made, state: Path) -> int:
    url = development.url(made.root, major=18, state=state)
    assert url
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert row
        return int(row[0])


def test_a_development_database_that_lags_behind_does_not_matter(made: Made, state: Path) -> None:
    """It is neither compared with nor changed."""
    done = made.alembic("check")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "No new upgrade operations detected." in done.stdout
    assert _tables(made, state) == 0


def test_autogenerate_writes_what_the_models_add(made: Made) -> None:
    """And not the whole schema, as it would against an empty database."""
    (made.root / "models.py").write_text(SEEN)

    done = made.alembic("revision", "--autogenerate", "-m", "add seen", "--rev-id", THIRD)

    (made.root / "models.py").write_text(MODELS)
    assert done.returncode == 0, done.stdout + done.stderr
    written = next(made.versions.glob(f"{THIRD}*"))
    source = written.read_text()
    written.unlink()
    assert "op.add_column('entries', sa.Column('seen', sa.Boolean(), nullable=True))" in source
    assert "create_table" not in source


def test_migrations_that_do_not_run_are_told_in_two_lines(made: Made) -> None:
    """With the server's reason, without the traceback of a process within a process."""
    broken = made.versions / "broken.py"
    broken.write_text(revision(THIRD, SECOND, 'op.drop_table("nowhere")'))

    done = made.alembic("check")

    broken.unlink()
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    shown = done.stdout[done.stdout.index("FAILED: ") :]
    assert shown.split("\n")[0] == (
        "FAILED: The migrations do not run on an empty database, so the models cannot be compared:"
        ' sqlalchemy.exc.ProgrammingError: (psycopg.errors.UndefinedTable) table "nowhere" does not exist.'
    )
    assert shown.split("\n")[1].strip() == "Run `headgate gate` to see the revision and the statement."


def test_alembics_own_refusal_is_passed_on(made: Made) -> None:
    """There is no traceback to look into."""
    broken = made.versions / "broken.py"
    broken.write_text(
        revision(THIRD, SECOND, "from alembic.util import CommandError\n\nraise CommandError('not today')")
    )

    done = made.alembic("check")

    broken.unlink()
    assert "so the models cannot be compared: not today." in done.stdout


def test_a_database_that_the_user_named_is_compared_as_it_is(
    made: Made, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who says which database means it; Alembic asks for an upgrade first."""
    monkeypatch.setenv("DATABASE_URL", database.url())

    assert "Target database is not up to date" in made.alembic("check").stdout + made.alembic("check").stderr


def test_every_other_command_is_about_the_database_itself(made: Made, state: Path) -> None:
    """An upgrade of a shadow would be lost."""
    done = made.alembic("upgrade", "head")

    assert done.returncode == 0, done.stderr
    assert _tables(made, state) == len(REVISIONS)
