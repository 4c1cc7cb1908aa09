"""Small projects of people who have never heard of headgate, each with one new revision that has one thing wrong.

`adopt` is all that they do: `headgate init`. Then the gate must find that one thing, at its line, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

from tests.functional.conftest import Said, Terminal
from tests.projects import TEMPLATE, Made

INI = """\
[alembic]
script_location = migrations
prepend_sys_path = .
sqlalchemy.url = postgresql+psycopg://shop@db.internal/shop
"""
ENV = """\
from alembic import context
from sqlalchemy import engine_from_config, pool

from models import metadata as target_metadata

config = context.config


def run_migrations_online():
    connectable = engine_from_config(config.get_section(config.config_ini_section), prefix="sqlalchemy.",
                                     poolclass=pool.NullPool)
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
"""
MODELS = """\
import sqlalchemy as sa

metadata = sa.MetaData()
entries = sa.Table(
    "entries", metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("note", sa.Text, index=True),
)
"""
CREATE = (
    'op.create_table("entries", sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),'
    ' sa.Column("note", sa.Text))'
)
DROP = 'op.drop_table("entries")'
INDEX = 'op.create_index("ix_entries_note", "entries", ["note"])'
UNINDEX = 'op.drop_index("ix_entries_note", "entries")'
ROOT, NEW = "1a1a1a1a1a1a", "9f9f9f9f9f9f"


def alembics(id_: str, parent: object, up: str = "pass", down: str = "pass", *, extra: str = "") -> str:
    """Give a revision file as Alembic's own template writes it.

    Args:
        id_: its id.
        parent: its down_revision.
        up: the body of upgrade().
        down: the body of downgrade().
        extra: more lines at the top.
    """
    return (
        f'"""change the schema\n\nRevision ID: {id_}\nRevises: {parent}\nCreate Date: 2024-05-06 07:08:09\n\n"""\n'
        f"from alembic import op\nimport sqlalchemy as sa\n\n\nrevision = {id_!r}\ndown_revision = {parent!r}\n"
        f"branch_labels = None\ndepends_on = None\n{extra}\n\n"
        f"def upgrade():\n{indent(dedent(up).strip(), '    ')}\n\n\n"
        f"def downgrade():\n{indent(dedent(down).strip(), '    ')}\n"
    )


HISTORY: Mapping[str, str] = {f"migrations/versions/{ROOT}_create.py": alembics(ROOT, None, CREATE, DROP)}
ADDED: Mapping[str, str] = {f"migrations/versions/{NEW}_index.py": alembics(NEW, ROOT, INDEX, UNINDEX)}


@dataclass(frozen=True)
class Foreign:
    """A repository with a branch on which a revision is new, and what is typed there."""

    made: Made
    terminal: Terminal

    def adopt(self, *words: str, settings: str = "") -> Said:
        """Type `headgate init`; it must write one file and change nothing else.

        Args:
            words: more options.
            settings: what is written below what it wrote, as its message or the guide says.
        """
        before = self.made.git("status", "--short")
        said = self.terminal.type(self.made.root, "init", "--yes", *words)
        assert said.code == 0, said
        written = self.made.root / "headgate.toml"
        written.write_text(written.read_text() + settings)
        assert self.made.git("status", "--short") == f"{before}?? headgate.toml\n"
        return said

    def gate(self, *words: str) -> Said:
        """Type `headgate gate`."""
        return self.terminal.type(self.made.root, "gate", *words)

    def finds(
        self, path: str, *, rule: str = "index-not-concurrent", drift: str = "ok      drift", warnings: int = 0
    ) -> Said:
        """Hold that the gate finds one thing and that every other check passes.

        Args:
            path: the file that it is found in, from the root.
            rule: what is found.
            drift: what is said of the models.
            warnings: how many warnings are rightly given beside it.
        """
        gate = self.gate()
        assert (gate.code, gate.err) == (1, ""), gate
        assert gate.out.count("error[") == 1, gate.out
        assert f"error[{rule}]" in gate.out, gate.out
        assert f"\n  {path}:" in gate.out, gate.out
        assert gate.out.count("warning[") == warnings, gate.out
        for check in ("ok      heads", "ok      names", "ok      upgrade", "ok      rollback", drift):
            assert f"\n{check}" in gate.out, gate.out
        return gate


def foreign(
    folder: Path,
    terminal: Terminal,
    history: Mapping[str, str] = HISTORY,
    added: Mapping[str, str] = ADDED,
    *,
    ini: str = INI,
    env: str = ENV,
    models: str = MODELS,
    files: Mapping[str, str] | None = None,
) -> Foreign:
    """Write a repository, and give it with the terminal that is used there; the arguments are those of `written`."""
    return Foreign(written(folder, history, added, ini=ini, env=env, models=models, files=files), terminal)


def written(
    folder: Path,
    history: Mapping[str, str] = HISTORY,
    added: Mapping[str, str] = ADDED,
    *,
    ini: str = INI,
    env: str = ENV,
    models: str = MODELS,
    files: Mapping[str, str] | None = None,
) -> Made:
    """Write a repository whose branch `main` has a history, and a branch of work that adds to it.

    Args:
        folder: where.
        history: the paths of the revision files that are on `main`, and their sources.
        added: those that are new.
        ini: alembic.ini.
        env: migrations/env.py.
        models: models.py.
        files: more files, by path.
    """
    made = Made(folder)
    _write(folder, {"alembic.ini": ini, "migrations/env.py": env, "models.py": models, ".gitignore": "__pycache__/\n"})
    _write(folder, {"migrations/script.py.mako": TEMPLATE, "requirements.txt": "psycopg\n", **history, **(files or {})})
    made.git("init", "--quiet")
    made.commit("start")
    made.git("switch", "--quiet", "--create", "work")
    _write(folder, added)
    made.commit("add an index")
    return made


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
