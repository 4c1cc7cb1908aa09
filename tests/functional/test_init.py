"""`headgate init` in repositories that know nothing of headgate: it finds out, shows, asks, and overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.conftest import Said, Terminal, error
from tests.projects import CREATE, ENV, FIRST, INI, Made, make_project, revision

PYPROJECT = '[project]\nname = "shop"  # kept\ndependencies = ["psycopg[binary]>=3"]\n'
FROM_INI = 'context.config.get_main_option("sqlalchemy.url") or os.environ["DATABASE_URL"]'
FROM_VARIABLE = ENV.replace(FROM_INI, 'os.environ["SHOP_DB"]')
FROM_X = ENV.replace(FROM_INI, 'context.get_x_argument(as_dictionary=True)["dburl"]')
FROM_PARTS = ENV.replace("from models", "from conf import Settings\nfrom models").replace(FROM_INI, "Settings().url")
CONF = """\
import os


class Settings:
    host = os.environ.get("PG_HOST", "db.internal")
    name = os.environ.get("PG_NAME", "shop")

    @property
    def url(self):
        return f"postgresql+psycopg://postgres:pw@{self.host}:5432/{self.name}"
"""
SEEN = """\
Alembic: alembic.ini, 2 revisions, heads: 20261102090000
env.py: alembic/env.py, synchronous, psycopg
URL: $SHOP_DB
new: what is not on main or master
"""


def _foreign(folder: Path, env: str = FROM_VARIABLE, *, pyproject: str | None = PYPROJECT, ini: str = INI) -> Made:
    made = make_project(folder, env=env, ini=ini, settings=None)
    if pyproject is not None:
        (folder / "pyproject.toml").write_text(pyproject)
    (folder / ".gitignore").write_text("__pycache__/\n")
    made.git("init", "--quiet")
    made.commit()
    return made


def test_the_settings_are_shown_as_a_diff_and_written_once(terminal: Terminal, tmp_path: Path) -> None:
    """A second run must be able to stand in a script: it changes nothing and says so."""
    made = _foreign(tmp_path)

    first = terminal.type(made.root, "init", "--yes")

    assert first == Said(
        0,
        SEEN
        + """
--- a/pyproject.toml
+++ b/pyproject.toml
@@ -1,3 +1,7 @@
 [project]
 name = "shop"  # kept
 dependencies = ["psycopg[binary]>=3"]
+
+[tool.headgate]
+alembic = "alembic.ini"
+url_variable = "SHOP_DB"

wrote pyproject.toml
next  headgate gate
""",
    )
    assert made.git("status", "--short") == " M pyproject.toml\n"
    made.commit()
    assert terminal.type(made.root, "init", "--yes") == Said(0, SEEN + "\npyproject.toml: nothing to change\n")
    assert made.git("status", "--short") == ""
    assert terminal.type(made.root, "gate").code == 0


def test_nothing_is_written_without_a_yes(terminal: Terminal, tmp_path: Path) -> None:
    """A pipe cannot answer, and a person may say no."""
    made = _foreign(tmp_path)
    refused = error("Nothing was written.", "Write it without being asked: headgate init --yes")

    piped = terminal.type(made.root, "init")
    seen = terminal.see(made.root, "init", answer="n\n")

    assert (piped.code, piped.err) == (2, refused)
    assert seen.code == 0
    assert "Write pyproject.toml? [y/N] Nothing was written.\n" in seen.out
    assert made.git("status", "--short") == ""
    assert terminal.see(made.root, "init", answer="y\n").code == 0
    assert made.git("status", "--short") == " M pyproject.toml\n"


def test_without_a_pyproject_the_settings_have_a_file_of_their_own(terminal: Terminal, tmp_path: Path) -> None:
    """A project need not be a package."""
    made = _foreign(tmp_path, pyproject=None)
    assert terminal.type(made.root, "init", "--yes").code == 0
    assert (tmp_path / "headgate.toml").read_text() == 'alembic = "alembic.ini"\nurl_variable = "SHOP_DB"\n'
    assert terminal.type(made.root, "init", "--yes").out == SEEN + "\nheadgate.toml: nothing to change\n"


def test_every_file_that_is_asked_for_is_new_and_runs_the_gate(terminal: Terminal, tmp_path: Path) -> None:
    """The same gate from Invoke, nox, pre-commit and CI."""
    made = _foreign(tmp_path)
    words = ("init", "--tasks", "--nox", "--pre-commit", "--ci", "--yes")

    assert terminal.type(made.root, *words).code == 0

    files = ["tasks.py", "noxfile.py", ".pre-commit-config.yaml", ".github/workflows/headgate.yml"]
    assert all((tmp_path / name).is_file() for name in files)
    assert "# /// script" in (tmp_path / "noxfile.py").read_text()
    again = terminal.type(made.root, *words)
    assert again == Said(0, SEEN + "".join(f"\n{name}: nothing to change\n" for name in ("pyproject.toml", *files)))
    assert terminal.type(made.root, "gate", module="invoke").code == 0


def test_a_file_that_is_there_is_left_and_the_lines_are_told(terminal: Terminal, tmp_path: Path) -> None:
    """Somebody else's tasks.py is not ours to edit; a list of hooks can be made longer."""
    made = _foreign(tmp_path)
    (tmp_path / "tasks.py").write_text("from invoke import task\n")
    (tmp_path / ".pre-commit-config.yaml").write_text("repos:\n- repo: local\n  hooks: []")

    said = terminal.type(made.root, "init", "--tasks", "--pre-commit", "--yes")

    assert "tasks.py is there and is left as it is; add to it by hand:\n\n" in said.out
    assert (tmp_path / "tasks.py").read_text() == "from invoke import task\n"
    hooks = (tmp_path / ".pre-commit-config.yaml").read_text()
    assert hooks.startswith("repos:\n- repo: local\n  hooks: []\n- repo: local\n  hooks:\n    - id: headgate-files\n")


@pytest.mark.parametrize(
    ("env", "written"),
    [
        (FROM_X, 'x = ["dburl={url}"]\n'),
        (
            FROM_PARTS,
            '\n[tool.headgate.prepare.variables]\nPG_HOST = "localhost"\n'
            'PG_NAME = "{database}?host={host}&port={port}"\n',
        ),
        (ENV, ""),
    ],
    ids=["-x", "parts", "ini or DATABASE_URL"],
)
def test_the_gate_runs_however_env_takes_its_url(env: str, written: str, terminal: Terminal, tmp_path: Path) -> None:
    """What is written must be enough: nothing else in the repository changes."""
    made = _foreign(tmp_path, env)
    (tmp_path / "conf.py").write_text(CONF)
    made.commit()

    said = terminal.type(made.root, "init", "--yes")

    assert said.code == 0, said.err
    assert (
        tmp_path / "pyproject.toml"
    ).read_text() == f'{PYPROJECT}\n[tool.headgate]\nalembic = "alembic.ini"\n{written}'
    gate = terminal.type(made.root, "gate")
    assert gate.code == 0, gate.out + gate.err
    assert made.git("status", "--short") == " M pyproject.toml\n"


def test_a_project_that_is_configured_in_pyproject_is_found(terminal: Terminal, tmp_path: Path) -> None:
    """Alembic reads `[tool.alembic]` since 1.16, and needs no ini file then."""
    made = _foreign(
        tmp_path,
        pyproject=PYPROJECT + '\n[tool.alembic]\nscript_location = "%(here)s/alembic"\nprepend_sys_path = ["."]\n',
    )
    made.ini.unlink()
    made.commit()

    assert terminal.type(made.root, "init", "--yes").code == 0
    assert 'alembic = "pyproject.toml"' in (tmp_path / "pyproject.toml").read_text()
    gate = terminal.type(made.root, "gate")
    assert gate.code == 0, gate.out + gate.err


def test_of_several_sections_one_is_asked_for_by_name(terminal: Terminal, tmp_path: Path) -> None:
    """`alembic -n shop` is a project of its own."""
    section = INI.partition("\n")[2]
    made = _foreign(tmp_path, ini=f"[shop]\n{section}\n[logs]\n{section}")

    assert terminal.type(made.root, "init", "--yes") == Said(
        2, "", error("alembic.ini has 2 environments: [shop], [logs].", "Choose one: headgate init --section shop")
    )
    assert terminal.type(made.root, "init", "--section", "shop", "--yes").code == 0
    assert 'section = "shop"\n' in (tmp_path / "pyproject.toml").read_text()
    assert terminal.type(made.root, "gate").code == 0


@pytest.mark.parametrize(
    ("env", "requirements", "what", "fix"),
    [
        (
            ENV.replace(FROM_INI, '__import__("vault").fetch("db")'),
            "psycopg",
            "alembic/env.py takes its URL from `__import__('vault').fetch('db')`, line 7, so nothing says how to give"
            " it another.",
            "Name the environment variable that decides it: headgate init --url-variable NAME",
        ),
        (
            FROM_VARIABLE,
            "psycopg\npsycopg2-binary",
            "The project has psycopg and psycopg2, and nothing says which one its migrations use.",
            "Say which: headgate init --driver psycopg",
        ),
    ],
    ids=["url", "driver"],
)
def test_what_cannot_be_found_out_is_asked_for_by_name(
    env: str, requirements: str, what: str, fix: str, terminal: Terminal, tmp_path: Path
) -> None:
    """A wrong guess would be found out much later, and far from here."""
    made = _foreign(tmp_path, env, pyproject=None)
    (tmp_path / "requirements.txt").write_text(requirements)
    assert terminal.type(made.root, "init", "--yes") == Said(2, "", error(what, fix))
    assert made.git("status", "--short") == "?? requirements.txt\n"


def test_another_base_branch_is_found_and_a_baseline_where_there_is_no_git(terminal: Terminal, tmp_path: Path) -> None:
    """Or nothing would say which revisions are new."""
    made = _foreign(tmp_path / "git")
    made.git("branch", "-m", "develop")
    assert terminal.type(made.root, "init", "--yes").code == 0
    assert 'base = "develop"\n' in (made.root / "pyproject.toml").read_text()

    bare = make_project(tmp_path / "bare", env=FROM_VARIABLE, settings=None)
    assert terminal.type(bare.root, "init", "--yes").code == 0
    assert 'baseline = "20261102090000"\n' in (bare.root / "headgate.toml").read_text()
    assert FIRST in (bare.root / "alembic" / "versions" / f"{FIRST}_create_entries.py").name


TWO = """\


def upgrade(engine_name: str) -> None:
    globals()[f"upgrade_{engine_name}"]()


def downgrade(engine_name: str) -> None:
    globals()[f"downgrade_{engine_name}"]()


def upgrade_shop() -> None:
    op.create_table("orders", sa.Column("id", sa.BigInteger(), primary_key=True))


def downgrade_shop() -> None:
    op.drop_table("orders")


def upgrade_logs() -> None:
    raise AssertionError("another database")


def downgrade_logs() -> None:
    raise AssertionError("another database")
"""


def test_of_several_databases_the_chosen_one_is_judged(terminal: Terminal, tmp_path: Path) -> None:
    """Alembic's own multidb env.py, unchanged, of which only one database's functions run."""
    made = Made(tmp_path)
    made.git("init", "--quiet")
    (tmp_path / "requirements.txt").write_text("psycopg\n")
    assert made.alembic("init", "--template", "multidb", "alembic").returncode == 0
    ini = made.ini.read_text()
    assert "databases = engine1, engine2" in ini
    made.ini.write_text(ini.replace("engine1", "shop").replace("engine2", "logs"))
    source = revision(FIRST, None)
    (made.versions / f"{FIRST}_create_orders.py").write_text(source.partition("\n\ndef upgrade")[0] + TWO)

    assert terminal.type(made.root, "init", "--yes") == Said(
        2,
        "",
        error(
            "alembic.ini is of 2 databases: shop, logs.", "Choose the one that is judged: headgate init --database shop"
        ),
    )
    said = terminal.type(made.root, "init", "--database", "shop", "--yes")
    assert said.code == 0, said.err
    assert 'database = "shop"\n' in (tmp_path / "headgate.toml").read_text()
    review = terminal.type(made.root, "migrate.rollback")
    assert review.code == 0, review.out + review.err
    assert "1 of 1 new revision down and up again" in review.out


@pytest.mark.parametrize(
    ("template", "package", "driver"),
    [
        ("generic", "psycopg2-binary>=2.9", "psycopg2"),
        ("async", "asyncpg==0.30 # fast", "asyncpg"),
        ("async", "psycopg[binary]", "psycopg"),
        ("pyproject", "psycopg[binary]", "psycopg"),
        ("pyproject_async", "asyncpg", "asyncpg"),
    ],
)
def test_every_template_of_alembic_is_adopted_as_it_comes(
    template: str, package: str, driver: str, terminal: Terminal, tmp_path: Path
) -> None:
    """Most env.py files in the world began as one of these."""
    made = Made(tmp_path)
    made.git("init", "--quiet")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    (tmp_path / "requirements.txt").write_text(f"{package}\n")
    assert made.alembic("init", "--template", template, "alembic").returncode == 0
    (made.versions / f"{FIRST}_create_entries.py").write_text(CREATE)

    said = terminal.type(made.root, "init", "--yes")

    assert (said.code, said.err) == (0, "")
    kind = "asynchronous" if "async" in template else "synchronous"
    assert f"env.py: alembic/env.py, {kind}, {driver}\n" in said.out
    review = terminal.type(made.root, "migrate.rollback")
    assert review.code == 0, review.out + review.err
    assert "1 of 1 new revision down and up again" in review.out
