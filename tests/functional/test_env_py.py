"""Other people's env.py: it exits, crashes, connects elsewhere, does nothing. Each is told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.conftest import Said, Terminal, error
from tests.projects import ENV, make_project

ELSEWHERE = ENV.replace("url = ", 'url = "postgresql+psycopg://me:s3cret-word@127.0.0.1:1/live"\nunused = ')
SQLITE = ENV.replace("url = ", 'url = "sqlite://"\nunused = ')
NO_RUN = ENV.replace("context.run_migrations()", "pass")
FROM_URL = "Have env.py take its URL from $DATABASE_URL or from sqlalchemy.url; nothing was reached."
UPGRADED = "upgraded to 20261101090000\n  + table entries\nupgraded to 20261102090000\n  + column entries.note text\n"


@pytest.mark.parametrize(
    ("env", "what", "fix"),
    [
        (
            "import os\n\nprint('so long')\nos._exit(7)\n",
            "The project's own code ended the process (exit code 7).",
            "Remove the exit from env.py or the revision. It printed last: so long",
        ),
        (
            ELSEWHERE,
            "The migration environment connects to postgresql at 127.0.0.1/live, not to the scratch database.",
            FROM_URL,
        ),
        (
            SQLITE,
            "The migration environment connects to sqlite, not to the scratch database.",
            FROM_URL,
        ),
    ],
    ids=["exits", "elsewhere", "sqlite"],
)
def test_the_gate_goes_nowhere_with_such_an_environment(
    env: str, what: str, fix: str, terminal: Terminal, tmp_path: Path
) -> None:
    """An env.py that ignores the URL it is given would otherwise run every rehearsal on the live database."""
    made = make_project(tmp_path, env=env)
    assert terminal.type(made.root, "gate") == Said(2, "", error(what, fix))


@pytest.mark.parametrize(
    ("env", "line", "code", "seen"),
    [
        ("raise ValueError('on purpose')\n", 1, "raise ValueError('on purpose')", "ValueError: on purpose"),
        ("import sys\n\nsys.exit(3)\n", 3, "sys.exit(3)", "SystemExit: 3"),
        ("def (:\n", 1, "def (:", "SyntaxError: invalid syntax (env.py, line 1)"),
        (f"import modles\n{ENV}", 1, "import modles", "ModuleNotFoundError: No module named 'modles'"),
    ],
    ids=["raises", "sys.exit", "syntax", "import"],
)
def test_an_environment_that_does_not_run_is_shown_with_its_line(
    env: str, line: int, code: str, seen: str, terminal: Terminal, tmp_path: Path
) -> None:
    """It is the project's defect, not headgate's, so it is a finding and no crash report."""
    made = make_project(tmp_path, env=env)
    said = terminal.type(made.root, "migrate.rollback")
    assert said == Said(
        1,
        f"""\
error[upgrade-fails]: env.py does not run
  alembic/env.py:{line}
    {line} │ {code}
      │ Python, {seen}
   fix  correct the line; the scratch database that it ran on is gone, nothing else was touched

failed  upgrade   the history does not reach its head
not run rollback  not proved: the history does not run

2 new revisions: 1 error.  PostgreSQL 18.4.
""",
    )


def test_an_environment_that_runs_nothing_is_no_pass(terminal: Terminal, tmp_path: Path) -> None:
    """Alembic itself ends with 0 here, and the database stays empty."""
    made = make_project(tmp_path, env=NO_RUN)
    said = terminal.type(made.root, "migrate.rollback")
    assert said == Said(
        1,
        """\
error[upgrade-fails]: env.py does not run
  alembic/env.py
      │ Python, it ended without a call of context.run_migrations()
   fix  correct the file; the scratch database that it ran on is gone, nothing else was touched

failed  upgrade   the history does not reach its head
not run rollback  not proved: the history does not run

2 new revisions: 1 error.  PostgreSQL 18.4.
""",
    )


@pytest.mark.parametrize(
    ("env", "what", "fix"),
    [
        (
            "import sys\n\nsys.exit('come back tomorrow')\n",
            "The project's own code ended the process (exit code 1).",
            "Remove the exit from env.py or the revision. It printed last: come back tomorrow",
        ),
        (
            ELSEWHERE,
            "The database that {env} names cannot be reached: connection failed: connection to server at"
            ' "127.0.0.1", port 1 failed: Connection refused.',
            "Start the server or correct the URL; nothing was changed.",
        ),
        (
            SQLITE,
            "The database that {env} names is one of sqlite, not of PostgreSQL.",
            "Name one of PostgreSQL, as in DATABASE_URL=postgresql+psycopg://user@host/database.",
        ),
        (
            "raise ValueError('on purpose')\n",
            "{env} does not run: ValueError: on purpose",
            "Correct it, or the $DATABASE_URL that it may read, until `alembic current` runs; nothing was changed.",
        ),
        (
            NO_RUN,
            "{env} opened no connection.",
            "Have it call context.configure(connection=…) and run_migrations().",
        ),
    ],
    ids=["exits", "unreachable", "sqlite", "raises", "runs nothing"],
)
def test_an_upgrade_says_why_it_cannot_begin(
    env: str, what: str, fix: str, terminal: Terminal, tmp_path: Path, url: str
) -> None:
    """Nothing has been changed, and that is what somebody in a deployment wants to read."""
    made = make_project(tmp_path, env=env)
    said = terminal.type(made.root, "migrate.up", DATABASE_URL=url)
    assert said == Said(2, "", error(what.format(env=made.env), fix))


def test_the_way_to_the_own_server_is_told_where_no_url_is_set(terminal: Terminal, tmp_path: Path) -> None:
    """An env.py that knows nothing of headgate stops with a KeyError here."""
    made = make_project(tmp_path)
    fix = 'Set DATABASE_URL, as in DATABASE_URL="$(inv db.url)", or correct it until `alembic current` runs.'
    assert terminal.type(made.root, "migrate.up") == Said(
        2, "", error(f"{made.env} does not run: KeyError: 'DATABASE_URL'", fix)
    )


def test_what_an_environment_prints_stays_out_of_the_report(terminal: Terminal, tmp_path: Path, url: str) -> None:
    """Logging that is configured for INFO writes more lines than the upgrade has revisions."""
    noise = "import logging\n\nlogging.basicConfig(level='DEBUG')\nprint('hello')\n"
    made = make_project(tmp_path, env=noise + ENV)
    said = terminal.type(made.root, "migrate.up", DATABASE_URL=url)
    assert (said.code, said.out.startswith(UPGRADED), said.out.count("\n"), said.err) == (0, True, 5, "")


def test_plain_alembic_says_in_two_lines_that_there_is_no_server(terminal: Terminal, tmp_path: Path) -> None:
    """A deployment that forgot DATABASE_URL ends here, and a traceback through headgate would look like its defect."""
    env = f"from pathlib import Path\nimport headgate\n{ENV}"
    made = make_project(
        tmp_path,
        env=env.replace('os.environ["DATABASE_URL"]', "headgate.development_url(Path(__file__).parent)"),
        settings="postgres = 9",
    )
    lines = "PostgreSQL 9 is not a version that headgate judges with.\nChoose one of 14, 15, 16, 17, 18.\n"
    assert terminal.type(made.root, "current", module="alembic") == Said(255, f"FAILED: {lines}")
