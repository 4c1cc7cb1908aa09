"""What is said to `headgate init`: a slip is refused at once, an answer is remembered, and what it writes works."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.functional.conftest import Said, Terminal, error
from tests.functional.test_init import FROM_INI
from tests.functional.test_init import _foreign as foreign_project
from tests.projects import ENV, SECOND, THIRD, revision


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        (
            ("--driver", "oracle"),
            "oracle is not a driver that headgate can hand a URL to.",
            "Choose one of psycopg, psycopg2, asyncpg: headgate init --driver psycopg",
        ),
        (("--base", "nope"), "The repository has no branch nope.", "Fetch it, or name one that is here: main."),
        (
            ("--baseline", "nope"),
            "nope is not a revision of alembic/versions.",
            "Name the newest one that is not to be judged: headgate init --baseline 20261102090000",
        ),
        (("--alembic", "nope.ini"), "nope.ini is not there.", "Name one that is: headgate init --alembic alembic.ini"),
        (
            ("--section", "nope"),
            "alembic.ini has no section [nope]; its environments are [alembic].",
            "Choose one: headgate init --section alembic",
        ),
        (
            ("--database", "nope"),
            "alembic.ini has no database nope; it is of one, without a name.",
            "Leave out --database.",
        ),
    ],
    ids=lambda value: value[0].removeprefix("--") if isinstance(value, tuple) else "",
)
def test_an_answer_that_cannot_be_true_is_not_written(
    words: tuple[str, ...], what: str, fix: str, terminal: Terminal, tmp_path: Path
) -> None:
    """A slip in an option would come back much later, from the gate, with another name."""
    made = foreign_project(tmp_path)
    assert terminal.type(made.root, "init", "--yes", *words) == Said(2, "", error(what, fix))
    assert made.git("status", "--short") == ""


def test_an_answer_is_asked_for_once(terminal: Terminal, tmp_path: Path) -> None:
    """What the settings say already is known; a second run without the option changes nothing and asks nothing."""
    made = foreign_project(tmp_path, ENV.replace(FROM_INI, '__import__("vault").fetch("db")'))
    assert terminal.type(made.root, "init", "--yes", "--url-variable", "DATABASE_URL").code == 0
    again = terminal.type(made.root, "init")
    assert (again.code, again.out.splitlines()[-1]) == (0, "pyproject.toml: nothing to change")


def test_an_env_py_that_chooses_the_folder_is_asked_about(terminal: Terminal, tmp_path: Path) -> None:
    """Prefect has a history for each kind of database; an empty one would look like a new project."""
    made = foreign_project(tmp_path)
    for kind in ("postgresql", "sqlite"):
        (made.versions / kind).mkdir()
        for path in made.versions.glob("*.py"):
            (made.versions / kind / path.name).write_text(path.read_text())
    for path in made.versions.glob("*.py"):
        path.unlink()
    chosen = "alembic/versions/postgresql"
    choice = f"context.script.version_locations = [{chosen!r}]\nurl ="
    made.env.write_text(made.env.read_text().replace("url =", choice, 1))
    made.commit()
    assert terminal.type(made.root, "init", "--yes") == Said(
        2,
        "",
        error(
            f"alembic/versions has no revisions, but folders: {chosen}, alembic/versions/sqlite.",
            f"Name the one that PostgreSQL gets: headgate init --versions {chosen}",
        ),
    )
    assert terminal.type(made.root, "init", "--yes", "--versions", chosen).code == 0
    assert f'versions = ["{chosen}"]\n' in (tmp_path / "pyproject.toml").read_text()
    again = terminal.type(made.root, "init")
    assert (again.code, again.out.splitlines()[-1]) == (0, "pyproject.toml: nothing to change")
    gate = terminal.type(made.root, "gate")
    assert gate.code == 0, gate.out + gate.err


def test_what_pre_commit_is_given_finds_a_revision_of_a_year_folder(terminal: Terminal, tmp_path: Path) -> None:
    """Real pre-commit, with the hooks as they are written: a pattern that passes a folder over says nothing at all."""
    made = foreign_project(tmp_path)
    assert terminal.type(made.root, "init", "--pre-commit", "--yes").code == 0
    year = made.versions / "2026" / "11"
    year.mkdir(parents=True)
    forgets = revision(THIRD, SECOND, 'op.execute("CREATE TABLE size (id bigint)")')
    (year / f"{THIRD}_create_size.py").write_text(forgets)
    made.git("add", "--all")

    home = str(tmp_path.parent / "pre-commit")
    path = f"{Path(sys.executable).parent}{os.pathsep}{terminal.environment['PATH']}"
    said = terminal.type(made.root, "run", module="pre_commit", PRE_COMMIT_HOME=home, PATH=path)

    assert said.code == 1, said
    assert "error[downgrade-missing]" in said.out
    assert f"alembic/versions/2026/11/{THIRD}_create_size.py:" in said.out
