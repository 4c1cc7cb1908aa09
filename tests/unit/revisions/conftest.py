"""A small Alembic project in a folder, on a database of the real server."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.postgres.scratch import Database

INI = """[alembic]
script_location = %(here)s/alembic
prepend_sys_path = %(here)s
path_separator = os
file_template = %%(rev)s_%%(slug)s
revision_environment = true
"""
ENV = """import os

from alembic import context
from sqlalchemy import create_engine

from headgate.revisions.naming import name_revision
from models import metadata

print("env.py talks")
with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, process_revision_directives=name_revision
    )
    with context.begin_transaction():
        context.run_migrations()
"""
TEMPLATE = '''"""${message}

Ticket: HG-12

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''
MODELS = """import sqlalchemy as sa

metadata = sa.MetaData()
entries = sa.Table("entries", metadata, sa.Column("id", sa.Integer, primary_key=True))
"""
FIRST = '''"""create entries"""

import sqlalchemy as sa
from alembic import op

revision = "20261120091500"
down_revision = None


def upgrade() -> None:
    op.create_table("entries", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("entries")
'''


@dataclass
class Project:
    """The project, and the database that it is upgraded on."""

    root: Path
    database: Database

    @property
    def ini(self) -> Path:
        return self.root / "alembic.ini"

    @property
    def versions(self) -> Path:
        return self.root / "alembic" / "versions"

    @property
    def files(self) -> list[str]:
        """Every file below versions/ but the first revision's, compiled ones too."""
        found = (path for path in self.versions.rglob("*") if path.is_file())
        return sorted(path.name for path in found if not path.name.startswith("20261120091500"))

    def add_to_models(self, code: str) -> None:
        models = self.root / "models.py"
        models.write_text(f"{models.read_text()}\n{code}\n")

    def alembic(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "alembic", "-c", str(self.ini), *arguments],
            env={**os.environ, "DATABASE_URL": self.database.url()},
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def project(tmp_path: Path, database: Database) -> Project:
    """At head: the one revision has run."""
    root = tmp_path / "a prøject"
    made = Project(root, database)
    made.versions.mkdir(parents=True)
    made.ini.write_text(INI)
    (root / "models.py").write_text(MODELS)
    (root / "alembic" / "env.py").write_text(ENV)
    (root / "alembic" / "script.py.mako").write_text(TEMPLATE)
    (made.versions / "20261120091500_create_entries.py").write_text(FIRST)
    done = made.alembic("upgrade", "head")
    assert done.returncode == 0, done.stderr
    return made
