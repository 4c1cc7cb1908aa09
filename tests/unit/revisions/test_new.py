"""`write`: one revision file by the project's own env.py and template, or none at all."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from headgate.catalog import diff, snapshot
from headgate.errors import HeadgateError
from headgate.revisions import new
from headgate.revisions.file import read

AT = datetime(2026, 11, 22, 17, 2, 12, tzinfo=UTC)
ELSEWHERE = "postgresql+psycopg://u:hunter2@db.example.org/prod"
NOTE = 'entries.append_column(sa.Column("note", sa.Text()))'


def write(project, message: str = "add note to entries", **changed: object):  # type: ignore[no-untyped-def]
    arguments = {"empty": False, "url": project.database.url(), "at": AT, **changed}
    return new.write(project.ini, message, **arguments)


def test_a_file_is_written_and_runs(project) -> None:
    """Golden: the name, the header, the template's own line kept, no comments of Alembic's."""
    project.add_to_models(NOTE)
    path = write(project, intent="editors leave a remark.")
    assert path == project.versions / "20261122170212_add_note_to_entries.py"
    assert (
        path.read_text()
        == '''"""add note to entries

Intent: editors leave a remark.
Risk: <what it locks, rewrites or loses, and for how long>
Rollback: <how it is undone, or: irreversible, and why>

Ticket: HG-12

Revision ID: 20261122170212
Revises: 20261120091500
Create Date: 2026-11-22 17:02:12
"""

import sqlalchemy as sa
from alembic import op

revision = '20261122170212'
down_revision = '20261120091500'


def upgrade() -> None:
    op.add_column('entries', sa.Column('note', sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column('entries', 'note')
'''
    )
    done = project.alembic("upgrade", "head")
    assert done.returncode == 0, done.stderr


def test_nothing_is_printed(project) -> None:
    """`--json` has standard output to itself, whatever Alembic and env.py have to say."""
    code = (
        "import sys; from pathlib import Path; from headgate.revisions.new import write;"
        "write(Path(sys.argv[1]), 'add note', empty=True, url=sys.argv[2])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(project.ini), project.database.url()], capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"")
    assert len(list(project.versions.glob("*.py"))) == 2


def test_an_empty_one_is_written_without_a_difference(project) -> None:
    """A backfill is written by hand."""
    revision = read(write(project, "backfill note", empty=True))
    assert revision is not None
    assert revision.path.name == "20261122170212_backfill_note.py"
    assert revision.header.missing == ("Intent", "Risk", "Rollback")


def test_the_header_says_what_the_catalogs_show(project) -> None:
    """Filled in as far as the diff knows; why it is done only the author knows."""
    project.add_to_models(NOTE)
    with project.database.connect() as connection:
        before = snapshot(connection)
        connection.execute("ALTER TABLE entries ADD note text")
        after = snapshot(connection)
        connection.execute("ALTER TABLE entries DROP note")
    header = read(write(project, differences=diff(before, after))).header
    assert header.risk == "Adds entries.note: catalog change only; ACCESS EXCLUSIVE on entries for a moment."
    assert header.rollback == "Drops entries.note: what was written to it is lost."
    assert header.missing == ("Intent",)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ('say "note" """ \\', "say_note"),
        ("l'été 🎉", "lete"),
        ("../a/b\nc", "a_b_c"),
        ("word " * 60, "word_word_word_word_word_word_word_word_word"),
        ("%(rev)s ${x} <%! import os %>", "rev_s_x_import_os"),
    ],
)
def test_any_message_is_kept_whole_and_the_name_is_clean(project, message: str, name: str) -> None:
    """Neither the template, nor the file system, nor Python may stumble over what somebody typed."""
    revision = read(write(project, message, empty=True))
    assert revision.path.name == f"20261122170212_{name}.py"
    assert revision.message == " ".join(message.split())
    assert project.alembic("upgrade", "head").returncode == 0


def test_the_projects_own_file_template_does_not_change_the_name(project) -> None:
    """The convention is headgate's; a file that its own rule then flags would be a poor gift."""
    project.ini.write_text(project.ini.read_text().replace("%%(rev)s_%%(slug)s", "%%(year)d-%%(rev)s"))
    assert write(project, empty=True).name == "20261122170212_add_note_to_entries.py"


def test_an_env_py_that_reads_the_ini_gets_the_same_database(project) -> None:
    """Not every env.py reads the environment; a percent sign in the URL must survive configparser."""
    project.add_to_models(NOTE)
    env = project.root / "alembic" / "env.py"
    env.write_text(
        env.read_text().replace('os.environ["DATABASE_URL"]', 'context.config.get_main_option("sqlalchemy.url")')
    )
    assert write(project, url=f"{project.database.url()}&application_name=a%20b").exists()


def test_a_taken_second_gives_the_next(project) -> None:
    """Two files with one id would break the history."""
    assert write(project, at=datetime(2026, 11, 20, 9, 15, 0, tzinfo=UTC), empty=True).name.startswith(
        "20261120091501_"
    )


def refused(project, *arguments: str, **changed: object) -> HeadgateError:  # type: ignore[no-untyped-def]
    before = project.files
    with pytest.raises(HeadgateError) as raised:
        write(project, *arguments, **changed)
    assert project.files == before
    for line in (raised.value.what, raised.value.fix):
        assert line
        assert "\n" not in line
    return raised.value


def test_nothing_to_write_is_refused(project) -> None:
    """An empty revision by accident is a line in the history for ever."""
    error = refused(project, "it's nothing")
    assert error.what == "The models have nothing that the migrations do not build already."
    assert error.fix.endswith("""inv migrate.new --empty -m 'it'"'"'s nothing'.""")


def test_nothing_to_write_is_refused_when_env_py_drops_empty_revisions(project) -> None:
    """Alembic's own recipe against empty revisions leaves no directive."""
    env = project.root / "alembic" / "env.py"
    env.write_text(env.read_text().replace("=name_revision", "=lambda c, r, d: d.clear()"))
    assert "nothing" in refused(project).what


@pytest.mark.parametrize("message", ["", " ", "🎉"])
def test_a_message_that_names_nothing_is_refused(project, message: str) -> None:
    """Before anything is started."""
    assert "-m" in refused(project, message, empty=True).fix


def test_two_heads_are_refused_by_name(project) -> None:
    """Which one to build on is the author's decision."""
    first = project.versions / "20261120091500_create_entries.py"
    for id_ in ("20261121080000", "20261121090000"):
        text = first.read_text().replace("20261120091500", id_).replace("= None", '= "20261120091500"')
        (project.versions / f"{id_}_x.py").write_text(text)
    error = refused(project, empty=True)
    assert error.what == "The history has 2 heads: 20261121080000, 20261121090000."
    assert "alembic merge" in error.fix


def test_a_developers_database_behind_the_head_is_refused(project) -> None:
    """The new revision would be written for a schema that its author is not looking at."""
    error = refused(project, empty=True, current=())
    assert error.what == "The database is at nothing, the revisions are at 20261120091500."
    assert "migrate.up" in error.fix
    assert write(project, empty=True, current=("20261120091500",)).exists()


def test_a_scratch_database_that_is_not_at_head_is_refused(project) -> None:
    """Alembic compares with what is there, so everything would be created a second time."""
    assert project.alembic("downgrade", "base").returncode == 0
    assert "not up to date" in refused(project).what


@pytest.mark.parametrize(
    ("file", "code", "seen"),
    [
        ("env.py", "raise RuntimeError('boom\\nsecond line')", "RuntimeError: boom second line"),
        ("env.py", "import no_such_module", "No module named 'no_such_module'"),
        ("env.py", "raise SystemExit(3)", "ended the process (exit code 3)"),
        (
            "env.py",
            f"from sqlalchemy import create_engine as c; c({ELSEWHERE!r}).connect()",
            "not to the scratch database",
        ),
        ("script.py.mako", "${no_such_name.x}", ""),
        ("script.py.mako", "def broken(:", "SyntaxError"),
        ("script.py.mako", "raise RuntimeError('from the file')", "from the file"),
    ],
    ids=["raises", "import", "exit", "another database", "template", "syntax", "revision raises"],
)
def test_a_project_that_fails_leaves_no_file(project, file: str, code: str, seen: str) -> None:
    """Half a revision is worse than none: the next command would run it."""
    path = project.root / "alembic" / file
    path.write_text(f"{path.read_text()}\n{code}\n")
    error = refused(project, empty=True)
    assert seen in error.what
    assert "hunter2" not in str(error)


def test_a_template_without_a_revision_id_leaves_no_file(project) -> None:
    """Alembic itself raises an error of another kind for it."""
    (project.root / "alembic" / "script.py.mako").write_text('"""${message}"""\n')
    refused(project, empty=True)


def test_a_hook_that_fails_leaves_no_file(project) -> None:
    """A formatter that is not installed stops Alembic after the file was written."""
    project.ini.write_text(
        f"{project.ini.read_text()}\n[post_write_hooks]\nhooks = x\nx.type = exec\nx.executable = /no/such/program\n"
    )
    refused(project, empty=True)


def test_a_history_that_is_broken_is_told(project) -> None:
    """A parent that no file has."""
    first = project.versions / "20261120091500_create_entries.py"
    first.write_text(first.read_text().replace("= None", '= "20200101000000"'))
    assert "20200101000000" in refused(project, empty=True).what
