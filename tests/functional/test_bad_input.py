"""Broken projects: each ends with two lines, what is wrong in the user's own names and what to do, and with code 2."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.functional.conftest import Said, Terminal, error, rows
from tests.projects import CREATE, FIRST, REVISIONS, SECOND, THIRD, make_project, revision

STEPS = ("gate", "migrate.review", "migrate.rollback", "migrate.drift", "migrate.plan", "docs.check", "checklist")
MEND = "Mend the file; `alembic init` writes a whole one."
HALF_WAY = revision(
    THIRD,
    SECOND,
    'op.add_column("entries", sa.Column("size", sa.Integer()))\nop.execute("UPDATE entrys SET size = 0")',
    'op.drop_column("entries", "size")',
)
# The little project has a habit that is advised against; these tests are about something else.
QUIET = 'judge = "all"\nseverities = { lock-timeout = "off" }'


@pytest.mark.parametrize("task", [*STEPS, "migrate.status", "migrate.up", "migrate.down", "docs.sync"])
def test_every_task_says_that_there_is_no_project(task: str, terminal: Terminal, tmp_path: Path) -> None:
    """Typed in the wrong folder is the commonest mistake of all, so no task may answer it with a traceback."""
    assert terminal.type(tmp_path, task) == Said(
        2,
        "",
        error(
            f"There is no Alembic project in {tmp_path}: no alembic.ini there or in a folder below.",
            "Go to the project's folder, or set alembic in [tool.headgate] to the path of its ini file.",
        ),
    )


def test_two_projects_are_not_guessed_between(terminal: Terminal, tmp_path: Path) -> None:
    """Judging the wrong one would look like a pass."""
    made = make_project(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(made.ini, other)
    assert terminal.type(tmp_path, "gate") == Said(
        2,
        "",
        error(
            f"There are 2 Alembic projects in {tmp_path}: alembic.ini, other/alembic.ini.",
            "Choose one: set alembic in [tool.headgate] to its path.",
        ),
    )


def test_a_broken_tasks_file_is_named(terminal: Terminal, tmp_path: Path) -> None:
    """It is imported before anything else, so its traceback would come in the place of every task."""
    made = make_project(tmp_path)
    (made.root / "tasks.py").write_text("def (:\n")
    what = "The nearest tasks.py cannot be loaded: SyntaxError: invalid syntax (tasks.py, line 1)."
    said = terminal.type(made.root, "gate")
    assert said == Said(2, "", error(what, "Mend the file; `inv --list` shows the whole traceback."))


@pytest.mark.parametrize(
    ("ini", "reason"),
    [
        ("script_location = alembic\n", "File contains no section headers."),
        ("[alembic]\n", "No 'script_location' key found in configuration."),
        ("[alembic]\nscript_location = nowhere\n", "Path doesn't exist: {root}/nowhere. Please use the 'init' command"),
        ("[alembic]\nscript_location = %(nowhere)s/alembic\n", "Bad value substitution: option 'script_location'"),
        ("[alembic]\nscript_location = a:b:c\n", "No module named 'a'"),
    ],
    ids=["no section", "no script_location", "no such folder", "interpolation", "package"],
)
def test_a_broken_ini_file_is_named_with_the_reason(ini: str, reason: str, terminal: Terminal, tmp_path: Path) -> None:
    """The reason is configparser's or Alembic's own; the reader must not have to guess which file it means."""
    made = make_project(tmp_path, ini=ini)
    said = terminal.type(tmp_path, "gate")
    what, fix = said.err.splitlines()
    assert what.startswith(f"error: {made.ini} is broken: {reason.format(root=made.root)}")
    assert (said.code, said.out, fix) == (2, "", f"  fix: {MEND}")


@pytest.mark.parametrize(
    ("revisions", "what", "fix"),
    [
        (
            {f"{FIRST}_a.py": CREATE, f"{SECOND}_b.py": "def upgrade(:\n"},
            "{versions}/20261102090000_b.py, line 1 is not valid Python: invalid syntax.",
            "Mend the file; nothing was run.",
        ),
        (
            {f"{FIRST}_a.py": CREATE, f"{SECOND}_b.py": revision(SECOND, "20200101000000")},
            "alembic/versions/20261102090000_b.py, line 12: down_revision 20200101000000 is in no file of"
            " alembic/versions.",
            "Fetch the missing revision, or set it to the revision that this one builds on.",
        ),
        (
            {f"{FIRST}_a.py": CREATE, f"{SECOND}_b.py": revision(FIRST, None)},
            "The revision id 20261101090000 stands twice: alembic/versions/20261101090000_a.py,"
            " alembic/versions/20261102090000_b.py.",
            "Give one of them another id, and have it build on the other.",
        ),
        (
            {f"{FIRST}_a.py": revision(FIRST, SECOND), f"{SECOND}_b.py": revision(SECOND, FIRST)},
            "The revisions go round in a circle: 20261101090000 -> 20261102090000 -> 20261101090000.",
            "Correct down_revision or depends_on in alembic/versions/20261101090000_a.py.",
        ),
        (
            {f"{FIRST}_a.py": CREATE.replace(f"{FIRST!r}", "make_id()")},
            "{versions}/20261101090000_a.py, line 11: revision is not a literal that can be read.",
            "Write the revision ids as plain strings, as Alembic's template does.",
        ),
    ],
    ids=["syntax error", "missing parent", "duplicate id", "cycle", "computed id"],
)
def test_a_history_without_an_order_is_not_run(
    revisions: dict[str, str], what: str, fix: str, terminal: Terminal, tmp_path: Path
) -> None:
    """Alembic answers these with a KeyError or a traceback of its own; here the file and the line are named."""
    made = make_project(tmp_path, revisions)
    assert terminal.type(tmp_path, "gate") == Said(2, "", error(what.format(versions=made.versions), fix))


def test_a_revision_that_does_not_import_is_found_by_its_own_line(terminal: Terminal, tmp_path: Path) -> None:
    """Alembic imports every file before it runs the first, so the one that fails is not the one that runs."""
    source = revision(THIRD, SECOND, "op.execute('SELECT 1')", "op.execute('SELECT 1')")
    broken = source.replace("import sqlalchemy", "import sqlalchmy")
    made = make_project(tmp_path, {**REVISIONS, f"{THIRD}_break.py": broken})
    assert terminal.type(made.root, "gate") == Said(
        1,
        """\
error[upgrade-fails]: revision 20261103090000 does not upgrade
  alembic/versions/20261103090000_break.py:8
    8 │ import sqlalchmy as sa
      │ Python, ModuleNotFoundError: No module named 'sqlalchmy'
   fix  correct the line; the scratch database that it ran on is gone, nothing else was touched

ok      heads     one head, 20261103090000; 3 revisions
ok      names     3 new revisions read by … rules
failed  upgrade   the history does not reach its head
not run rules     0 statements judged by … rules; 20261102090000, 20261103090000 did not run
not run rollback  0 of 3 new revisions down and up again
not run drift     not compared: the history does not reach its head
ok      docs      no documents are named in [tool.headgate.docs]

3 new revisions, … rules: 1 error.  PostgreSQL 18.4.
""",
    )


def test_a_revision_that_fails_half_way_is_shown_with_its_statement(terminal: Terminal, tmp_path: Path) -> None:
    """A line number in the Python file and the statement as the server got it: the two things one looks for first."""
    made = make_project(tmp_path, {**REVISIONS, f"{THIRD}_size.py": HALF_WAY})
    said = terminal.type(made.root, "migrate.rollback")
    assert said == Said(
        1,
        """\
error[upgrade-fails]: revision 20261103090000 does not upgrade
  alembic/versions/20261103090000_size.py:17
   17 │     op.execute("UPDATE entrys SET size = 0")
      │     PostgreSQL 18.4: 42P01, relation "entrys" does not exist
      │     statement: UPDATE entrys SET size = 0
   fix  correct the statement; the scratch database that it ran on is gone, nothing else was touched

failed  upgrade   the history does not reach its head
not run rollback  2 of 3 new revisions down and up again

3 new revisions: 1 error.  PostgreSQL 18.4.
""",
    )


def test_an_upgrade_that_fails_half_way_leaves_the_database_as_it_was(
    terminal: Terminal, tmp_path: Path, url: str
) -> None:
    """What came before stays applied, the failing revision leaves nothing, and the message says so."""
    made = make_project(tmp_path, {**REVISIONS, f"{THIRD}_size.py": HALF_WAY})
    said = terminal.type(made.root, "migrate.up", DATABASE_URL=url)
    assert said == Said(
        2,
        f"upgraded to {FIRST}\n  + table entries\nupgraded to {SECOND}\n  + column entries.note text\n",
        error(
            'alembic/versions/20261103090000_size.py, line 17: relation "entrys" does not exist (42P01).'
            " Statement: UPDATE entrys SET size = 0",
            f"The database is at {SECOND}, its schema as it was before this revision."
            " Correct the revision and run it again.",
        ),
    )
    assert rows(url, "SELECT version_num FROM alembic_version") == [(SECOND,)]
    assert rows(url, "SELECT attname FROM pg_attribute WHERE attrelid = 'entries'::regclass AND attnum > 0") == [
        ("id",),
        ("note",),
    ]


def test_what_a_failing_revision_has_committed_is_told(terminal: Terminal, tmp_path: Path, url: str) -> None:
    """A COMMIT in a revision takes the safety away, and whoever cleans up must know what is there."""
    source = revision(
        THIRD,
        SECOND,
        'op.add_column("entries", sa.Column("size", sa.Integer()))\nop.execute("COMMIT")\nop.execute("SELECT 1 / 0")',
        'op.drop_column("entries", "size")',
    )
    made = make_project(tmp_path, {**REVISIONS, f"{THIRD}_size.py": source})
    said = terminal.type(made.root, "migrate.up", DATABASE_URL=url)
    assert (said.code, said.err) == (
        2,
        error(
            "alembic/versions/20261103090000_size.py, line 18: division by zero (22012). Statement: SELECT 1 / 0",
            f"The database is at {SECOND}, but part of the revision was committed: + column entries.size integer."
            " Correct the revision and run it again.",
        ),
    )


def test_two_heads_are_a_finding_of_the_gate(terminal: Terminal, tmp_path: Path) -> None:
    """Two branches were merged; both ways out are given with the ids filled in."""
    other = revision(THIRD, FIRST, 'op.add_column("entries", sa.Column("size", sa.Integer()))')
    made = make_project(tmp_path, {**REVISIONS, f"{THIRD}_size.py": other}, settings=f'{QUIET}\nbaseline = "{THIRD}"')
    assert terminal.type(made.root, "migrate.review") == Said(
        1,
        """\
error[multiple-heads]: there are 2 heads, so `alembic upgrade head` stops
  alembic/versions/20261103090000_size.py:12
   12 │ down_revision = '20261101090000'
      │ 20261102090000 in alembic/versions/20261102090000_add_note.py
      │ 20261103090000 in alembic/versions/20261103090000_size.py
   fix  set down_revision of the one that is not merged yet to '20261102090000',
        or join them: alembic merge -m "merge heads" 20261102090000 20261103090000

1 new revision, 1 statement, … rules: 1 error.  History of 2 revisions: run, not judged.  PostgreSQL 18.4.
""",
    )


def test_no_revision_is_written_on_two_heads(terminal: Terminal, tmp_path: Path, url: str) -> None:
    """A third file on one of them would make it harder, not easier, to join them."""
    made = make_project(tmp_path, {**REVISIONS, f"{THIRD}_size.py": revision(THIRD, FIRST)})
    said = terminal.type(made.root, "migrate.new", "--empty", "-m", "add size", DATABASE_URL=url)
    assert said == Said(
        2,
        "",
        error(
            f"The history has 2 heads: {SECOND}, {THIRD}.",
            "Set down_revision of the one that is not merged yet to the other, or join them: "
            f'alembic merge -m "join the heads" {SECOND} {THIRD}.',
        ),
    )
    assert len(list(made.versions.glob("*.py"))) == 3


@pytest.mark.parametrize("task", ["migrate.status", "migrate.up", "migrate.down", "migrate.new"])
def test_a_database_at_a_revision_that_no_file_has_is_left_alone(
    task: str, terminal: Terminal, tmp_path: Path, url: str
) -> None:
    """It is ahead of the checkout, or on another branch: whatever the task would do now would be a guess."""
    made = make_project(tmp_path)
    rows(url, "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    rows(url, "INSERT INTO alembic_version VALUES ('20991231000000')")
    words = ["-m", "add size"] if task == "migrate.new" else []
    assert terminal.type(made.root, task, *words, DATABASE_URL=url) == Said(
        2,
        "",
        error(
            f"The database is at 20991231000000, which no file in alembic/versions has; the newest known is {SECOND}.",
            "Check out the code that has it (the database is ahead of this one), or run `inv db.reset` on a development"
            " database.",
        ),
    )
    assert rows(url, "SELECT version_num FROM alembic_version") == [("20991231000000",)]
