"""The shapes that real projects have: what their env.py needs around it is said in the settings, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.conftest import Terminal
from tests.projects import ADD_NOTE, CREATE, ENV, FIRST, REVISIONS, SECOND, THIRD, make_project, revision

URL = 'url = context.config.get_main_option("sqlalchemy.url") or os.environ["DATABASE_URL"]'
PROVED = "ok      upgrade   2 revisions from nothing to head"
BASELINE = """
CREATE TABLE entries (id integer PRIMARY KEY);
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('20261101090000');
"""
NO_TABLE = revision(FIRST, None)
AS_IT_IS = {f"{FIRST}_.py": NO_TABLE, f"{SECOND}_add_note.py": ADD_NOTE}
TENANT = 'if os.environ["TENANT"] != "a b":\n    raise ValueError(os.environ["TENANT"])\n'
MADE_BY = """\
import os, psycopg
url = os.environ["DATABASE_URL"].replace("+psycopg", "")
with psycopg.connect(url) as connection:
    connection.execute("CREATE TABLE entries (id integer PRIMARY KEY)")
"""
GIVEN = 'connection = context.config.attributes["connection"]\n'
SHARED = (
    'from sqlalchemy import create_engine, pool\n\ndef attributes(url):\n    return {"connection":'
    " create_engine(url, poolclass=pool.NullPool).connect()}\n"
)
CONTEXT = (
    "import contextvars\n\ninside = contextvars.ContextVar('inside')\n\ndef within(function):\n    inside.set(1)\n"
)


@pytest.mark.parametrize(
    ("settings", "env", "revisions", "files"),
    [
        (
            '[prepare]\nvariables = {OTHER_URL = "{url}", TENANT = "a b"}\n',
            ENV.replace(URL, f'{TENANT}url = os.environ["OTHER_URL"]'),
            REVISIONS,
            {},
        ),
        (
            '[prepare]\nvariables = {PARTS = "postgresql+psycopg://{user}@/{database}?host={host}&port={port}"}\n',
            ENV.replace(URL, 'url = os.environ["PARTS"]'),
            REVISIONS,
            {},
        ),
        ('driver = "psycopg2"\n', ENV.replace(URL, f'{URL}\nassert "+psycopg2:" in url, url'), REVISIONS, {}),
        (
            '[prepare]\nsql = "base.sql"\n',
            ENV,
            AS_IT_IS,
            {"base.sql": "CREATE TABLE entries (id integer PRIMARY KEY);"},
        ),
        ('[prepare]\ncommand = ["python", "made_by.py"]\n', ENV, AS_IT_IS, {"made_by.py": MADE_BY}),
        (
            '[prepare]\nattributes = "shared:attributes"\n',
            ENV.replace(
                "with create_engine(url, poolclass=pool.NullPool).connect() as connection:", f"{GIVEN}if True:"
            ),
            REVISIONS,
            {"shared.py": SHARED},
        ),
        (
            '[prepare]\nwithin = "app:within"\n',
            ENV.replace(URL, f"from app import inside\n\nassert inside.get() == 1\n{URL}"),
            REVISIONS,
            {"app.py": f"{CONTEXT}    function()\n"},
        ),
    ],
    ids=["variables", "parts of the URL", "driver", "sql", "command", "attributes", "context"],
)
def test_the_history_runs_with_what_env_py_needs(
    settings: str, env: str, revisions: dict[str, str], files: dict[str, str], terminal: Terminal, tmp_path: Path
) -> None:
    """Nobody rewrites the env.py that deploys them for the sake of a check."""
    made = make_project(tmp_path, env=env, revisions=revisions)
    (made.root / "headgate.toml").write_text(f'judge = "all"\n{settings}')
    for name, text in files.items():
        (made.root / name).write_text(text)

    said = terminal.type(made.root, "migrate.rollback")

    assert PROVED in said.out, said
    assert said.code == 0


def test_what_a_baseline_stamps_is_not_run_again(terminal: Terminal, tmp_path: Path) -> None:
    """A squashed history starts from a dump: its first revision would fail on the tables that are there."""
    made = make_project(tmp_path, revisions=REVISIONS)
    (made.root / "headgate.toml").write_text(f'judge = "all"\nbaseline = "{FIRST}"\n[prepare]\nsql = "base.sql"\n')
    (made.root / "base.sql").write_text(BASELINE)

    said = terminal.type(made.root, "migrate.rollback")

    assert (said.code, PROVED in said.out) == (0, True), said


def test_a_revision_that_the_baseline_stamps_cannot_be_judged(terminal: Terminal, tmp_path: Path) -> None:
    """It would be passed over in silence, as if it had been found in order."""
    made = make_project(tmp_path, revisions=REVISIONS)
    (made.root / "headgate.toml").write_text('judge = "all"\n[prepare]\nsql = "base.sql"\n')
    (made.root / "base.sql").write_text(BASELINE)

    said = terminal.type(made.root, "migrate.rollback")

    assert said.code == 2
    assert said.err == (
        f"error: [tool.headgate.prepare] brings the database to {FIRST}, so {FIRST} cannot be judged.\n"
        f'  fix: Set baseline = "{FIRST}" in [tool.headgate]: what it builds on is then not judged.\n'
    )


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ('command = ["python", "-c", "raise SystemExit(3)"]', "command in [tool.headgate.prepare] ended with 3: "),
        ('command = ["no-such-program"]', "command in [tool.headgate.prepare] cannot be run: no-such-program: "),
        ('sql = "CREATE"', "sql in [tool.headgate.prepare] does not run: "),
        ('sql = "gone.sql"', "sql in [tool.headgate.prepare] names gone.sql, which cannot be read: "),
        ('within = "gone:within"', "within in [tool.headgate.prepare] names gone:within: "),
    ],
)
def test_a_preparation_that_fails_is_named(settings: str, error: str, terminal: Terminal, tmp_path: Path) -> None:
    """Else the first revision that misses it would be blamed."""
    made = make_project(tmp_path)
    (made.root / "headgate.toml").write_text(f'judge = "all"\n[prepare]\n{settings}\n')

    said = terminal.type(made.root, "migrate.rollback")

    assert (said.code, said.err[: len(error) + 7]) == (2, f"error: {error}")


def test_alembic_runs_where_its_script_location_is(terminal: Terminal, tmp_path: Path) -> None:
    """An ini file in a package may name its folder as seen from the top of the repository."""
    made = make_project(tmp_path)
    ini = made.root / "app" / "alembic.ini"
    ini.parent.mkdir()
    ini.write_text(made.ini.read_text().replace("%(here)s/alembic", "alembic").replace("%(here)s", "."))
    made.ini.unlink()
    (made.root / "headgate.toml").write_text('judge = "all"\nalembic = "app/alembic.ini"\n')

    said = terminal.type(ini.parent, "migrate.rollback")

    assert (said.code, PROVED in said.out) == (0, True), said


def test_only_what_the_chosen_heads_build_on_is_run(terminal: Terminal, tmp_path: Path) -> None:
    """A history that was replaced lies beside the new one and makes the same tables: both together never run."""
    other = revision(THIRD, None, CREATE.split("-> None:\n")[1].split("\n")[0])
    made = make_project(tmp_path, revisions={**REVISIONS, f"{THIRD}_old.py": other})
    (made.root / "headgate.toml").write_text(f'judge = "all"\nheads = ["{SECOND}"]\n')

    said = terminal.type(made.root, "migrate.rollback")

    assert (said.code, PROVED in said.out) == (0, True), said


def test_what_lies_above_a_revision_that_fails_alone_is_proved(terminal: Terminal, tmp_path: Path) -> None:
    """It passes in the company of the one before it, as a fresh database gets it; the rest is judged all the same."""
    alone = revision(SECOND, FIRST, 'if not hasattr(op.get_context(), "seen"):\n    raise ValueError("alone")')
    first = CREATE.replace("    op.create_table(", "    op.get_context().seen = True\n    op.create_table(")
    last = ADD_NOTE.replace(FIRST, "x").replace(SECOND, THIRD).replace("'x'", repr(SECOND))
    made = make_project(tmp_path, revisions={f"{FIRST}_.py": first, f"{SECOND}_.py": alone, f"{THIRD}_.py": last})
    (made.root / "headgate.toml").write_text('judge = "all"\n')

    said = terminal.type(made.root, "migrate.rollback")

    assert f"revision {SECOND} does not upgrade" in said.out, said
    assert "failed  upgrade   a revision fails in a run of its own" in said.out
    assert "2 of 3 new revisions down and up again" in said.out


def test_a_revision_that_rows_alone_stop_is_not_one_that_never_upgrades(terminal: Terminal, tmp_path: Path) -> None:
    """Whether it passes on empty tables is asked with all that it builds on, also what was proved just before."""
    required = ADD_NOTE.replace("sa.Text())", "sa.Text(), nullable=False)")
    made = make_project(tmp_path, revisions={**REVISIONS, f"{SECOND}_add_note.py": required})

    said = terminal.type(made.root, "migrate.rollback")

    assert "does not upgrade" not in said.out, said
    assert "ok      upgrade" in said.out
