"""Repositories as they lie about: another branch checked out, cut short, read-only, half installed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.conftest import Said, Terminal, error
from tests.functional.foreign import ADDED, ENV, HISTORY, INI, MODELS, NEW, Foreign, foreign
from tests.projects import Made

V = "migrations/versions"
FOUND = f"{V}/{NEW}_index.py"
ELSEWHERE = '{"sqlalchemy.url": "postgresql+psycopg://me:s3cret-word@127.0.0.1:1/live"}'
NO_BASE = error(
    "Nothing says which revisions are new: git has no commit that this work shares with main or master.",
    "Fetch that branch with its history (actions/checkout: fetch-depth: 0), or set base in [tool.headgate].",
)


@pytest.fixture
def shop(terminal: Terminal, tmp_path: Path) -> Foreign:
    """An adopted repository in which a branch of work is checked out."""
    repository = foreign(tmp_path / "shop", terminal)
    repository.adopt()
    repository.made.commit("take headgate in")
    return repository


def test_a_detached_head_is_judged(shop: Foreign) -> None:
    """CI checks out a commit and no branch."""
    shop.made.git("switch", "--quiet", "--detach")
    shop.finds(FOUND)


def test_a_shallow_clone_is_told_what_to_fetch(shop: Foreign, tmp_path: Path) -> None:
    """Without its history every revision would look new, or none."""
    shop.made.git("clone", "--quiet", "--depth=1", "--branch=work", shop.made.root.as_uri(), str(tmp_path / "short"))
    assert shop.terminal.type(tmp_path / "short", "gate") == Said(2, "", NO_BASE)


def test_a_missing_base_branch_is_told(shop: Foreign, tmp_path: Path) -> None:
    """The branch that work is merged into may have another name, and nobody has fetched it."""
    shop.made.git("branch", "-m", "main", "trunk")
    assert shop.gate() == Said(2, "", NO_BASE)


def test_init_asks_for_the_base_branch_by_name(terminal: Terminal, tmp_path: Path) -> None:
    """Of two branches neither is called main; a wrong guess would judge the wrong revisions."""
    repository = foreign(tmp_path, terminal)
    repository.made.git("branch", "-m", "main", "trunk")
    assert terminal.type(tmp_path, "init", "--yes") == Said(
        2,
        "",
        error(
            "The repository has 2 branches, and none is called main or master.",
            "Name the one that work is merged into: headgate init --base trunk",
        ),
    )
    said = repository.adopt("--base", "trunk")
    assert '+base = "trunk"\n' in said.out
    again = terminal.type(tmp_path, "init", "--yes")
    assert (again.code, again.out.splitlines()[-1]) == (0, "headgate.toml: nothing to change")


@pytest.mark.parametrize("inside", [True, False], ids=["in the submodule", "above it"])
def test_a_submodule_is_judged_by_its_own_history(inside: bool, shop: Foreign, tmp_path: Path) -> None:
    """Git says `.git` is a file there, and the repository above knows nothing of its branches."""
    above = Made(tmp_path / "above")
    above.root.mkdir()
    above.git("init", "--quiet")
    above.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(shop.made.root), "shop")
    module = Made(above.root / "shop")
    module.git("switch", "--quiet", "work")
    if not inside:
        (module.root / "headgate.toml").rename(above.root / "headgate.toml")
        settings = above.root / "headgate.toml"
        settings.write_text(settings.read_text().replace('"alembic.ini"', '"shop/alembic.ini"'))
    said = shop.terminal.type(module.root if inside else above.root, "gate")
    assert said.code == 1, said
    assert f"\n  {FOUND if inside else f'shop/{FOUND}'}:19\n" in said.out
    assert said.out.count("error[") == 1


@pytest.fixture
def read_only(shop: Foreign) -> Iterator[Foreign]:
    """The repository, on a file system that takes nothing."""
    root = shop.made.root
    bound = subprocess.run(["mount", "--bind", root, root], stderr=subprocess.DEVNULL, check=False).returncode == 0
    if bound:
        subprocess.run(["mount", "-o", "remount,bind,ro", root], check=True)
        yield shop
        subprocess.run(["umount", root], check=True)
    else:  # Only root may mount, and whoever is not root may forbid himself to write.
        root.chmod(0o500)
        yield shop
        root.chmod(0o700)


def test_a_checkout_that_cannot_be_written_is_judged(read_only: Foreign) -> None:
    """A container may have the sources mounted so; the gate writes nothing there."""
    read_only.finds(FOUND)


def test_what_cannot_be_written_is_named(read_only: Foreign) -> None:
    """`init` has said what it would write, and where it could not."""
    said = read_only.terminal.type(read_only.made.root, "init", "--tasks", "--yes")
    reason = "Read-only file system" if read_only.made.root.stat().st_mode & 0o200 else "Permission denied"
    assert (said.code, said.err) == (
        2,
        error(f"{read_only.made.root}/tasks.py cannot be written: {reason}.", "Make it writable, then run it again."),
    )


@pytest.mark.parametrize(
    ("files", "importer", "where", "missing", "command"),
    [
        (
            {
                "requirements.txt": "psycopg\n-r more.txt\n",
                "more.txt": "# all\nno-such-thing>=1 # soon\nother.one[x]\n",
            },
            "migrations/env.py",
            "migrations/env.py, line 1",
            "no-such-thing, other.one",
            "python -m pip install -r requirements.txt",
        ),
        (
            {"pyproject.toml": '[project]\nname = "shop"\ndependencies = ["psycopg", "no-such-thing~=2.0"]\n'},
            "models.py",
            "models.py, line 1",
            "no-such-thing",
            "python -m pip install -e .",
        ),
        (
            {"requirements.txt": "no-such-thing\n", "uv.lock": ""},
            FOUND,
            f"{FOUND}, line 1",
            "no-such-thing",
            "uv sync",
        ),
    ],
    ids=["requirements.txt", "pyproject.toml", "uv"],
)
def test_what_is_not_installed_is_named_with_the_command(
    files: dict[str, str],
    importer: str,
    where: str,
    missing: str,
    command: str,
    terminal: Terminal,
    tmp_path: Path,
) -> None:
    """It says nothing of the revision: in the environment that deploys it, it may well run."""
    sources = {"migrations/env.py": ENV, "models.py": MODELS, **ADDED}
    sources[importer] = f"import no_such_thing\n{sources[importer]}"
    added = {name: sources[name] for name in ADDED}
    given = {"requirements.txt": "", **files}
    env, models = sources["migrations/env.py"], sources["models.py"]
    repository = foreign(tmp_path, terminal, HISTORY, added, env=env, models=models, files=given)
    if "pyproject.toml" in files:
        (tmp_path / "requirements.txt").unlink()
    (tmp_path / "headgate.toml").write_text('alembic = "alembic.ini"\n')
    assert repository.gate() == Said(
        2,
        "",
        error(
            f"{where} imports no_such_thing, and of what the project needs, not installed here: {missing}.",
            f"Install it where headgate is: {command}",
        ),
    )


def test_an_import_that_nothing_asks_for_is_a_slip_in_its_line(terminal: Terminal, tmp_path: Path) -> None:
    """All that the project needs is there, so no installation will help."""
    repository = foreign(tmp_path, terminal, env=f"import modles\n{ENV}")
    repository.adopt()
    said = repository.gate()
    assert said.code == 1
    assert "\n  migrations/env.py:1\n    1 │ import modles\n" in said.out


@pytest.mark.parametrize(
    ("env", "what", "fix"),
    [
        (
            "import sys\nprint('not today')\nsys.stdout.flush()\nimport os\nos._exit(3)\n",
            "The project's own code ended the process (exit code 3).",
            "Remove the exit from env.py or the revision. It printed last: not today",
        ),
        (
            ENV.replace("config.get_section(config.config_ini_section)", ELSEWHERE),
            "The migration environment connects to postgresql at 127.0.0.1/live, not to the scratch database.",
            "Have env.py take its URL from $DATABASE_URL or from sqlalchemy.url; nothing was reached.",
        ),
    ],
    ids=["exits", "ignores the URL"],
)
def test_an_env_py_that_goes_its_own_way_is_stopped(
    env: str, what: str, fix: str, terminal: Terminal, tmp_path: Path
) -> None:
    """It must never reach a real server, and no password may be printed."""
    repository = foreign(tmp_path, terminal, env=env)
    (tmp_path / "headgate.toml").write_text('alembic = "alembic.ini"\n')
    assert repository.gate() == Said(2, "", error(what, fix))


def test_init_names_the_fixed_url_of_an_env_py(terminal: Terminal, tmp_path: Path) -> None:
    """It would be refused by every rehearsal, so it is told before the first."""
    foreign(tmp_path, terminal, env=ENV.replace("config.get_section(config.config_ini_section)", ELSEWHERE))
    assert terminal.type(tmp_path, "init", "--yes") == Said(
        2,
        "",
        error(
            "migrations/env.py takes its URL from a fixed text, so nothing says how to give it another.",
            "Name the environment variable that decides it: headgate init --url-variable NAME",
        ),
    )


def test_a_service_of_a_large_repository_is_adopted_where_it_lies(terminal: Terminal, tmp_path: Path) -> None:
    """Two services have a history each: the one in whose folder one stands is meant, and the other is left alone."""
    files = {"alembic.ini": INI, "migrations/env.py": ENV, "models.py": MODELS, **HISTORY}
    shop = {f"shop/{name}": text for name, text in files.items()}
    added = {f"shop/{name}": text for name, text in ADDED.items()}
    repository = foreign(tmp_path, terminal, HISTORY, added, files=shop)
    above = terminal.type(tmp_path, "init", "--yes")
    assert above.err == error(
        f"There are 2 Alembic projects in {tmp_path}: alembic.ini, shop/alembic.ini.",
        "Choose one: headgate init --alembic alembic.ini, or go to its folder.",
    )

    assert terminal.type(tmp_path / "shop", "init", "--yes").code == 0

    assert repository.made.git("status", "--short") == "?? shop/headgate.toml\n"
    said = terminal.type(tmp_path / "shop", "gate")
    assert (said.code, said.out.count("error[")) == (1, 1), said
    assert "error[index-not-concurrent]: writers on entries wait" in said.out
