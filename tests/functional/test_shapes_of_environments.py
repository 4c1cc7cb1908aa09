"""What other people's env.py does: headgate is taken in as it is, and judges the newest revision alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.functional.conftest import Said, Terminal, error
from tests.functional.foreign import (
    ADDED,
    CREATE,
    DROP,
    ENV,
    HISTORY,
    INDEX,
    INI,
    MODELS,
    NEW,
    ROOT,
    UNINDEX,
    alembics,
    foreign,
)

V = "migrations/versions"
CONFIGURE = "target_metadata=target_metadata)"
URL = "config.get_section(config.config_ini_section)"
ASYNC = """\
import asyncio

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import async_engine_from_config

from models import metadata as target_metadata


def do_run_migrations(connection):
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()


async def run():
    connectable = async_engine_from_config(
        context.config.get_section(context.config.config_ini_section), poolclass=pool.NullPool
    )
    async with connectable.connect() as connection:
        await connection.run_sync(do_run_migrations)


asyncio.run(run())
"""
OTHERS = """\
def include_name(name, type_, parent_names):
    return type_ != "schema" or name in (None, "audit")


def include_object(object, name, type_, reflected, compare_to):
    return not (type_ == "table" and reflected and name.startswith("legacy_"))


"""
LEGACY = CREATE + '\nop.create_table("legacy_orders", sa.Column("id", sa.BigInteger, primary_key=True))'
TENANTS = """\
from alembic import context
from sqlalchemy import engine_from_config, pool, text

from models import metadata as target_metadata

config = context.config
connectable = engine_from_config(config.get_section(config.config_ini_section), poolclass=pool.NullPool)
with connectable.connect() as connection:
    for tenant in ("tenant_a", "tenant_b"):
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {tenant}"))
        connection.execute(text(f"SET search_path TO {tenant}"))
        connection.commit()
        connection.dialect.default_schema_name = tenant
        context.configure(connection=connection, target_metadata=target_metadata, version_table_schema=tenant)
        with context.begin_transaction():
            context.run_migrations()
"""
FLASK_MIGRATE = """\
from alembic import context
from flask import current_app


def get_engine():
    try:
        return current_app.extensions["migrate"].db.get_engine()
    except (TypeError, AttributeError):
        return current_app.extensions["migrate"].db.engine


config = context.config
config.set_main_option("sqlalchemy.url", str(get_engine().url).replace("%", "%%"))
target_db = current_app.extensions["migrate"].db


def run_migrations_online():
    conf_args = current_app.extensions["migrate"].configure_args
    with get_engine().connect() as connection:
        context.configure(connection=connection, target_metadata=target_db.metadatas[None], **conf_args)
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
"""
FLASK_APP = """\
import os

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Identity, Text

db = SQLAlchemy()


class Entry(db.Model):
    __tablename__ = "entries"
    id = db.Column(BigInteger, Identity(), primary_key=True)
    note = db.Column(Text, index=True)


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["SHOP_DB"]
    db.init_app(app)
    Migrate(app, db)
    return app
"""
SQLMODEL = """\
import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class Entry(SQLModel, table=True):
    __tablename__ = "entries"
    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(), primary_key=True))
    note: str | None = Field(default=None, index=True)


metadata = SQLModel.metadata
"""


@pytest.mark.parametrize(
    ("env", "requirement"),
    [
        (ENV, "psycopg2-binary"),
        (ASYNC, "asyncpg"),
        (ENV.replace(URL, '{"sqlalchemy.url": __import__("os").environ["SHOP_DB"]}'), "psycopg"),
        (ENV.replace(CONFIGURE, 'target_metadata=target_metadata, version_table="shop_version")'), "psycopg"),
        (
            ENV.replace(CONFIGURE, 'target_metadata=target_metadata, version_table_schema="meta")').replace(
                "        context.configure",
                '        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS meta")\n'
                "        connection.commit()\n        context.configure",
            ),
            "psycopg",
        ),
        (
            ENV.replace(
                "        context.configure",
                '        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS shop")\n'
                '        connection.exec_driver_sql("SET search_path TO shop")\n'
                "        connection.commit()\n        context.configure",
            ),
            "psycopg",
        ),
        ("import logging, sys\nlogging.basicConfig(level=0)\nprint('hello', file=sys.stderr)\n" + ENV, "psycopg"),
        (ENV.replace("metadata as target_metadata", "metadata\ntarget_metadata = [metadata]"), "psycopg"),
        (
            ENV.replace("import context", "import context, op").replace(
                "        context.configure",
                '        import subprocess; subprocess.run(["true"], check=True)\n        context.configure',
            ),
            "psycopg",
        ),
    ],
    ids=[
        "psycopg2",
        "asyncpg",
        "a variable",
        "a renamed version table",
        "a version table elsewhere",
        "a schema by search_path",
        "prints",
        "several metadata",
        "starts a process",
    ],
)
def test_an_env_py_of_every_form_is_run_as_it_is(
    env: str, requirement: str, terminal: Terminal, tmp_path: Path
) -> None:
    """It is what deploys them, so it is what must be judged."""
    repository = foreign(tmp_path, terminal, env=env, files={"requirements.txt": f"{requirement}\n"})
    repository.adopt()
    repository.finds(f"{V}/{NEW}_index.py")


def test_what_env_py_leaves_to_others_is_no_drift(terminal: Terminal, tmp_path: Path) -> None:
    """Autogenerate is told by include_object and include_name what is not the models'; so is headgate."""
    include = CONFIGURE.replace(
        ")", ", include_object=include_object, include_name=include_name, include_schemas=True)"
    )
    history = {f"{V}/{ROOT}_create.py": alembics(ROOT, None, LEGACY, f'op.drop_table("legacy_orders")\n{DROP}')}
    repository = foreign(tmp_path, terminal, history, env=OTHERS + ENV.replace(CONFIGURE, include))
    repository.adopt()
    repository.finds(f"{V}/{NEW}_index.py")


def test_every_tenant_has_a_schema_of_its_own(terminal: Terminal, tmp_path: Path) -> None:
    """Each is upgraded by a run of its own in one call of env.py; the models have no schema at all."""
    repository = foreign(tmp_path, terminal, env=TENANTS)
    repository.adopt()
    said = repository.gate()
    assert said.out.count("error[") == 2, said.out
    for tenant in ("tenant_a", "tenant_b"):
        assert f"error[index-not-concurrent]: writers on {tenant}.entries wait" in said.out, said.out
    assert "\nok      rollback  1 of 1 new revision down and up again\n" in said.out, said.out
    assert "\nok      drift     0 differences in " in said.out, said.out


def test_a_flask_application_is_found_and_env_py_runs_inside_of_it(terminal: Terminal, tmp_path: Path) -> None:
    """Flask-Migrate's env.py takes its engine from the application; its ini file names no script_location."""
    files = {
        "migrations/alembic.ini": "[alembic]\n",
        "app.py": FLASK_APP,
        "requirements.txt": "flask-migrate\npsycopg\n",
    }
    repository = foreign(tmp_path, terminal, env=FLASK_MIGRATE, files=files)
    repository.made.ini.unlink()
    repository.made.commit()

    said = repository.adopt()

    assert "URL: $SHOP_DB\ninside of: app:create_app\n" in said.out
    repository.finds(f"{V}/{NEW}_index.py")


@pytest.mark.parametrize(
    ("app", "what", "fix"),
    [
        ("", "nothing says which one", "app:create_app"),
        (
            f"{FLASK_APP}\n\ndef make_app():\n    return Flask(__name__)\n",
            "2 would do: app:create_app, app:make_app",
            "app:create_app",
        ),
    ],
    ids=["none", "two"],
)
def test_a_flask_application_that_is_not_found_is_asked_for(
    app: str, what: str, fix: str, terminal: Terminal, tmp_path: Path
) -> None:
    """An env.py that fails for want of one says so in words that nobody connects with headgate."""
    repository = foreign(tmp_path, terminal, env=FLASK_MIGRATE, files={"app.py": app})
    assert terminal.type(tmp_path, "init", "--yes") == Said(
        2,
        "",
        error(
            f"env.py runs inside of a Flask application, and {what}.",
            f"Name it, or the function that makes it: headgate init --within {fix}",
        ),
    )
    assert repository.made.git("status", "--short") == ""


def test_the_models_may_be_sqlmodels(terminal: Terminal, tmp_path: Path) -> None:
    """Their types are SQLModel's own, which a revision imports too."""
    create = CREATE.replace("sa.Text", "sqlmodel.sql.sqltypes.AutoString()")
    source = alembics(ROOT, None, create, DROP).replace("import sqlalchemy", "import sqlmodel\nimport sqlalchemy")
    repository = foreign(tmp_path, terminal, {f"{V}/{ROOT}_create.py": source}, models=SQLMODEL)
    repository.adopt()
    repository.finds(f"{V}/{NEW}_index.py")


@pytest.mark.parametrize(
    ("history", "settings", "files"),
    [
        (
            {f"{V}/{ROOT}_start.py": alembics(ROOT, None)},
            '\n[prepare]\ncommand = ["python", "create_all.py"]\n',
            {
                "create_all.py": "import os\nimport sqlalchemy as sa\n"
                "with sa.create_engine(os.environ['DATABASE_URL']).begin() as c:\n"
                "    c.execute(sa.text('CREATE TABLE entries (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
                " note text)'))\n"
                "    c.execute(sa.text('CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)'))\n"
                f"    c.execute(sa.text(\"INSERT INTO alembic_version VALUES ('{ROOT}')\"))\n"
            },
        ),
        (
            {f"{V}/{ROOT}_start.py": alembics(ROOT, None)},
            '\n[prepare]\nsql = "schema.sql"\n',
            {"schema.sql": "CREATE TABLE entries (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, note text);"},
        ),
        (
            {
                f"{V}/{ROOT}_create.py": alembics(
                    ROOT, None, f'op.execute("GRANT USAGE ON SCHEMA public TO reporting")\n{CREATE}', DROP
                )
            },
            '\n[prepare]\nsql = "CREATE ROLE reporting;"\n',
            {},
        ),
        (
            {
                f"{V}/{ROOT}_create.py": alembics(ROOT, None, CREATE, DROP).replace(
                    "import sqlalchemy as sa",
                    'import os\nimport sqlalchemy as sa\n\nassert os.environ["TENANT"] == "x"',
                )
            },
            '\n[prepare.variables]\nTENANT = "x"\n',
            {},
        ),
        (
            {
                f"{V}/{ROOT}_create.py": alembics(
                    ROOT,
                    None,
                    f'if op.get_bind().dialect.name == "sqlite":\n    raise ValueError("no")\n{CREATE}',
                    DROP,
                )
            },
            "",
            {},
        ),
    ],
    ids=["create_all and stamp", "a SQL baseline", "roles", "variables at import", "branches for sqlite"],
)
def test_what_a_history_needs_before_it_runs_is_said_in_the_settings(
    history: Mapping[str, str], settings: str, files: Mapping[str, str], terminal: Terminal, tmp_path: Path
) -> None:
    """Most old histories do not start from nothing."""
    repository = foreign(tmp_path, terminal, history, files=files)
    repository.adopt(settings=settings)
    repository.finds(f"{V}/{NEW}_index.py")


@pytest.mark.parametrize(
    ("history", "models", "files"),
    [
        (
            {
                f"{V}/{ROOT}_create.py": alembics(
                    ROOT,
                    None,
                    CREATE
                    + '\nop.execute("CREATE SCHEMA audit")\nop.create_table("log", sa.Column("id", sa.BigInteger,'
                    ' primary_key=True), schema="audit")',
                    f'op.drop_table("log", schema="audit")\nop.execute("DROP SCHEMA audit")\n{DROP}',
                )
            },
            MODELS + 'sa.Table("log", metadata, sa.Column("id", sa.BigInteger, primary_key=True), schema="audit")\n',
            {},
        ),
        (
            {
                f"{V}/{ROOT}_create.py": alembics(
                    ROOT,
                    None,
                    CREATE
                    + "\nfrom app.service import fill\nfill(op.get_bind())\n"
                    + "op.execute(\"UPDATE entries SET note = 'x' WHERE note LIKE '100%'\")",
                    DROP,
                )
            },
            MODELS,
            {
                "app/__init__.py": "",
                "app/service.py": "import sqlalchemy as sa\n\ndef fill(bind):\n"
                "    bind.execute(sa.text(\"INSERT INTO entries (note) VALUES ('100%')\"))\n",
            },
        ),
        (
            {
                f"{V}/{ROOT}_create.py": alembics(
                    ROOT,
                    None,
                    CREATE
                    + '\nop.execute("COMMIT")\nengine = sa.create_engine(op.get_bind().engine.url)\n'
                    + "with engine.begin() as own:\n"
                    + "    own.exec_driver_sql(\"INSERT INTO entries (note) VALUES ('x')\")\nengine.dispose()",
                    DROP,
                )
            },
            MODELS,
            {},
        ),
    ],
    ids=["several schemas", "imports the application", "a connection of its own"],
)
def test_what_an_old_revision_does_is_run_and_not_judged(
    history: Mapping[str, str], models: str, files: Mapping[str, str], terminal: Terminal, tmp_path: Path
) -> None:
    """It was deployed long ago; only what builds on it can still be mended."""
    repository = foreign(tmp_path, terminal, history, models=models, files=files)
    repository.adopt()
    repository.finds(f"{V}/{NEW}_index.py")


def test_a_percent_sign_under_another_driver_is_the_drivers_affair(terminal: Terminal, tmp_path: Path) -> None:
    """asyncpg takes it as it stands and psycopg2 as a placeholder: the one that the project uses decides."""
    up = "op.get_bind().exec_driver_sql(\"UPDATE entries SET note = '' WHERE note LIKE 'a%'\")\n"
    up += CREATE.replace("entries", "other")
    history = {**HISTORY, f"{V}/2b_percent.py": alembics("2b", ROOT, up, 'op.drop_table("other")')}
    added = {f"{V}/{NEW}_index.py": alembics(NEW, "2b", INDEX, UNINDEX)}
    models = MODELS + (
        'sa.Table("other", metadata, sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),\n'
        '    sa.Column("note", sa.Text))\n'
    )
    files = {"requirements.txt": "asyncpg\n"}
    ini = INI.replace("psycopg", "asyncpg")
    repository = foreign(tmp_path, terminal, history, added, ini=ini, env=ASYNC, models=models, files=files)
    repository.adopt()
    repository.finds(f"{V}/{NEW}_index.py")


def test_an_extension_of_the_history_needs_no_setting(terminal: Terminal, tmp_path: Path) -> None:
    """The server is chosen by what the revisions create."""
    up = f'op.execute("CREATE EXTENSION IF NOT EXISTS vector")\n{CREATE}'
    history = {f"{V}/{ROOT}_create.py": alembics(ROOT, None, up, f'{DROP}\nop.execute("DROP EXTENSION vector")')}
    repository = foreign(tmp_path, terminal, history, ADDED)
    repository.adopt()
    repository.finds(f"{V}/{NEW}_index.py")
