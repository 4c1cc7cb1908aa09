"""`headgate.rehearsal.run`: moves in a process of their own, and the models' database beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.errors import HeadgateError
from headgate.postgres import scratch
from headgate.postgres.scratch import Database
from headgate.postgres.server import Server
from headgate.rehearsal.drift import differences
from headgate.rehearsal.model import Move
from headgate.rehearsal.run import rehearse
from tests.projects import ENV, FIRST, SECOND, make_project, revision

UP = Move("up", (FIRST, SECOND), frozenset({SECOND}))


@pytest.fixture
def models_database(server: Server) -> Iterator[Database]:
    """An empty database for the models."""
    with scratch.database(server) as made:
        yield made


def test_the_run_ends_at_the_first_failure(tmp_path: Path, database: Database) -> None:
    """What follows would fail for that reason alone; and there is no end state to compare."""
    project = make_project(tmp_path / "p", {"one.py": revision(FIRST, None, "1 / 0")}).find()

    rehearsal = rehearse(project, [Move("up", (FIRST,)), Move("down", (FIRST,))], url=database.url())

    assert len(rehearsal.steps) == 1
    assert (rehearsal.final, rehearsal.models) == (None, None)


def test_the_models_build_their_own_database(tmp_path: Path, database: Database, models_database: Database) -> None:
    """With the metadata that env.py hands to Alembic, and nothing in the migrations' database."""
    project = make_project(tmp_path / "p").find()

    rehearsal = rehearse(project, [UP], url=database.url(), models_url=models_database.url())

    assert rehearsal.final
    assert rehearsal.models
    assert ("column", "entries.note") in rehearsal.models.objects
    with models_database.connect() as connection:
        assert connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,)


def test_several_metadata_and_schemas_are_built_together(
    tmp_path: Path, database: Database, models_database: Database
) -> None:
    """`target_metadata` may be a list, and create_all makes no schema."""
    models = """
import sqlalchemy as sa

first = sa.MetaData(schema="Sales Data")
second = sa.MetaData()
sa.Table("orders", first, sa.Column("id", sa.Integer(), primary_key=True))
sa.Table("entries", second, sa.Column("id", sa.Integer(), primary_key=True))
metadata = [first, second]
"""
    project = make_project(tmp_path / "p", models=models).find()

    rehearsal = rehearse(project, [UP], url=database.url(), models_url=models_database.url())

    assert rehearsal.models_failure is None
    assert rehearsal.models
    assert {("schema", '"Sales Data"'), ("table", '"Sales Data".orders'), ("table", "entries")} <= set(
        rehearsal.models.objects
    )


def test_the_models_are_given_the_migrations_extensions(
    tmp_path: Path, database: Database, models_database: Database
) -> None:
    """A model can use the type of an extension, and cannot say that it needs the extension."""
    models = """
import sqlalchemy as sa

class Vector(sa.types.UserDefinedType):
    cache_ok = True

    def get_col_spec(self, **_):
        return '"Tools".vector(3)'

metadata = sa.MetaData()
sa.Table("entries", metadata, sa.Column("id", sa.Integer(), primary_key=True), sa.Column("place", Vector()))
"""
    up = """
        op.execute('CREATE SCHEMA "Tools"')
        op.execute('CREATE EXTENSION vector SCHEMA "Tools"')
        op.execute('CREATE TABLE entries (id serial PRIMARY KEY, place "Tools".vector(3))')
    """
    project = make_project(tmp_path / "p", {"one.py": revision(FIRST, None, up)}, models=models).find()

    rehearsal = rehearse(project, [Move("up", (FIRST,))], url=database.url(), models_url=models_database.url())

    assert rehearsal.models_failure is None
    assert differences(rehearsal) == ()


def test_models_that_build_nothing_are_told_with_their_statement(
    tmp_path: Path, database: Database, models_database: Database
) -> None:
    """A type that no extension has brought, for example."""
    models = """
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata = sa.MetaData()
sa.Table("entries", metadata, sa.Column("id", postgresql.CITEXT(), primary_key=True))
"""
    project = make_project(tmp_path / "p", models=models).find()

    failure = rehearse(project, [UP], url=database.url(), models_url=models_database.url()).models_failure

    assert failure
    assert (failure.sqlstate, failure.revision) == ("42704", None)
    assert failure.statement
    assert failure.statement.startswith("CREATE TABLE entries")


def test_models_that_python_cannot_build_are_told_too(
    tmp_path: Path, database: Database, models_database: Database
) -> None:
    """The mistake is the project's, and no defect of headgate."""
    models = """
import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table("entries", metadata, sa.Column("id", sa.Integer(), primary_key=True))


@sa.event.listens_for(metadata, "before_create")
def prepare(*_, **__):
    raise RuntimeError("no extension")
"""
    project = make_project(tmp_path / "p", models=models).find()

    failure = rehearse(project, [UP], url=database.url(), models_url=models_database.url()).models_failure

    assert failure
    assert failure.error == "RuntimeError: no extension"


def test_without_metadata_there_is_no_models_database(
    tmp_path: Path, database: Database, models_database: Database
) -> None:
    """The caller says so; it is no failure of the run."""
    project = make_project(tmp_path / "p", models="metadata = None\n").find()

    rehearsal = rehearse(project, [UP], url=database.url(), models_url=models_database.url())

    assert (rehearsal.models, rehearsal.models_failure) == (None, None)
    assert rehearsal.final


def test_an_expected_failure_of_env_py_is_raised(tmp_path: Path, database: Database) -> None:
    """headgate's guard, called in env.py, speaks in two lines; they are not wrapped into another two."""
    env = f'from headgate.errors import HeadgateError\n\nraise HeadgateError("what", "fix")\n{ENV}'
    project = make_project(tmp_path / "p", env=env).find()

    with pytest.raises(HeadgateError) as caught:
        rehearse(project, [UP], url=database.url())

    assert (caught.value.what, caught.value.fix) == ("what", "fix")
