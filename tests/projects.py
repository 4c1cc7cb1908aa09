"""Small Alembic projects: `make_project(folder)` is a whole one, and each argument replaces one part of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

from headgate import config, project

INI = """\
[alembic]
script_location = %(here)s/alembic
prepend_sys_path = %(here)s
path_separator = os
"""
ENV = """\
import os

from alembic import context
from models import metadata
from sqlalchemy import create_engine, pool

url = context.config.get_main_option("sqlalchemy.url") or os.environ["DATABASE_URL"]
with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
TEMPLATE = '''\
"""${message}"""

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
MODELS = """\
import sqlalchemy as sa

metadata = sa.MetaData()
entries = sa.Table(
    "entries", metadata, sa.Column("id", sa.Integer(), primary_key=True), sa.Column("note", sa.Text())
)
"""

FIRST, SECOND, THIRD = "20261101090000", "20261102090000", "20261103090000"


def revision(
    id_: str,
    parent: str | tuple[str, ...] | None,
    up: str = "pass",
    down: str = "pass",
    *,
    rollback: str = "takes back what the upgrade made",
    extra: str = "",
) -> str:
    """The source of a revision file.

    Args:
        id_: its id.
        parent: its down_revision.
        up: the body of upgrade().
        down: the body of downgrade().
        rollback: what the header says of the downgrade.
        extra: more lines at the top, as in `depends_on = "…"`.
    """
    return (
        f'"""change the schema\n\nIntent: a test.\nRisk: catalog change only.\nRollback: {rollback}.\n"""\n\n'
        f"import sqlalchemy as sa\nfrom alembic import op\n\n"
        f"revision = {id_!r}\ndown_revision = {parent!r}\n{extra}\n\n"
        f"def upgrade() -> None:\n{indent(dedent(up).strip(), '    ')}\n\n\n"
        f"def downgrade() -> None:\n{indent(dedent(down).strip(), '    ')}\n"
    )


CREATE = revision(
    FIRST,
    None,
    'op.create_table("entries", sa.Column("id", sa.Integer(), primary_key=True))',
    'op.drop_table("entries")',
)
ADD_NOTE = revision(
    SECOND, FIRST, 'op.add_column("entries", sa.Column("note", sa.Text()))', 'op.drop_column("entries", "note")'
)
REVISIONS: Mapping[str, str] = {f"{FIRST}_create_entries.py": CREATE, f"{SECOND}_add_note.py": ADD_NOTE}


@dataclass(frozen=True)
class Made:
    """A project in a folder."""

    root: Path

    @property
    def ini(self) -> Path:
        return self.root / "alembic.ini"

    @property
    def env(self) -> Path:
        return self.root / "alembic" / "env.py"

    @property
    def versions(self) -> Path:
        return self.root / "alembic" / "versions"

    def find(self) -> project.Project:
        """The project as headgate sees it now."""
        return project.find(config.load(self.root))

    def alembic(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run plain Alembic in the folder."""
        return subprocess.run(
            [sys.executable, "-m", "alembic", *arguments], cwd=self.root, capture_output=True, text=True, check=False
        )

    def git(self, *arguments: str) -> str:
        """Run git in the folder, as an author, and give what it printed."""
        author = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]
        done = subprocess.run(
            ["git", *author, *arguments], cwd=self.root, check=True, capture_output=True, encoding="utf-8"
        )
        return done.stdout

    def commit(self, message: str = "work") -> None:
        """Commit everything that is there."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "--message", message)


def make_project(
    folder: Path,
    revisions: Mapping[str, str] = REVISIONS,
    *,
    env: str = ENV,
    models: str = MODELS,
    ini: str = INI,
    settings: str | None = 'judge = "all"',
    commit: bool = False,
) -> Made:
    """Write an Alembic project.

    Args:
        folder: where; it is made when it is not there.
        revisions: the name of each file in versions/, and its source.
        env: the source of env.py.
        models: the source of models.py, from which env.py takes `metadata`.
        ini: alembic.ini.
        settings: the lines of [tool.headgate]; `None` for a project without a pyproject.toml.
        commit: whether it is a git repository in which all of that is committed on the branch `main`.
    """
    made = Made(folder)
    made.versions.mkdir(parents=True)
    files = {"alembic.ini": ini, "models.py": models, "alembic/env.py": env, "alembic/script.py.mako": TEMPLATE}
    files |= {f"alembic/versions/{name}": source for name, source in revisions.items()}
    if settings is not None:
        files["pyproject.toml"] = f"[tool.headgate]\n{settings}\n"
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    if commit:
        (folder / ".gitignore").write_text("__pycache__/\n")
        made.git("init", "--quiet")
        made.commit("start")
    return made
