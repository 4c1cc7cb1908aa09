"""`headgate.machine`: what is missing here and how to get it; and the parts of `setup` that write."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from headgate import redaction
from headgate.config import Backend, Config, load
from headgate.errors import HeadgateError
from headgate.machine import Fact, examine, install_hooks, write_env
from tests.projects import Made, make_project

HOOKS = "default_install_hook_types: [pre-commit, pre-push]\nrepos: []\n"


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A project in git, with hooks to install and an .env.example."""
    made = make_project(tmp_path / "mein Prøjekt", commit=True)
    (made.root / ".pre-commit-config.yaml").write_text(HOOKS)
    (made.root / "backend").mkdir()
    (made.root / "backend" / ".env.example").write_text("A=1\n")
    return made


@pytest.fixture
def config(made: Made, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Its settings, without those of this machine's environment."""
    monkeypatch.delenv("HEADGATE_POSTGRES", raising=False)
    monkeypatch.delenv("HEADGATE_POSTGRES_URL", raising=False)
    return load(made.root)


def _facts(config: Config) -> dict[str, Fact]:
    return {fact.name: fact for fact in examine(config)}


def test_a_machine_that_has_everything_is_told_what_it_has(config: Config) -> None:
    """A fact that is there needs no advice."""
    write_env(config)
    install_hooks(config)
    facts = _facts(config)

    assert [name for name, fact in facts.items() if not fact.present] == []
    assert {fact.fix for fact in facts.values()} == {""}
    assert list(facts) == [
        "Python",
        "git",
        "repository",
        "Alembic",
        "PostgreSQL",
        "cache",
        "state",
        "git hooks",
        ".env",
        "nox",
        "pre-commit",
    ]
    assert facts["Python"].found.endswith(f" at {sys.executable}")
    assert facts["repository"].found == str(config.root)
    assert facts["Alembic"].found == "alembic.ini, 2 revisions"
    assert facts["PostgreSQL"].found.startswith("18.")
    assert facts["git hooks"].found == "commit and push"


def test_what_setup_can_do_is_left_to_it(config: Config) -> None:
    """A fresh clone."""
    facts = _facts(config)

    missing = {name: (fact.found, fact.fix) for name, fact in facts.items() if not fact.present}
    assert missing == {
        "git hooks": ("not installed: pre-commit, pre-push", "Run: inv setup"),
        ".env": (str(config.root / "backend" / ".env"), "Run: inv setup"),
    }


def test_a_project_without_hooks_or_env_example_is_told_only_of_the_hooks(made: Made, config: Config) -> None:
    """Not every service reads an .env file."""
    (made.root / ".pre-commit-config.yaml").unlink()
    (made.root / "backend" / ".env.example").unlink()
    facts = _facts(config)

    assert facts["git hooks"] == Fact(
        "git hooks",
        False,
        "no .pre-commit-config.yaml",
        "Write one with two local hooks, `python -m headgate.hooks` on changed revisions at commit and `headgate"
        " gate` at push, then run: headgate setup",
    )
    assert ".env" not in facts


def test_a_machine_without_git_is_told(config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And that the folder is in no repository follows from it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    facts = _facts(config)

    assert facts["git"] == Fact("git", False, "not on PATH", "Install git.")
    assert facts["repository"] == Fact("repository", False, f"{config.root} is in no git repository", "Run: git init")
    assert "git hooks" not in facts


def test_a_broken_project_is_told_in_its_own_words(made: Made, config: Config) -> None:
    """The two lines of the error are the fact and its fix."""
    made.ini.unlink()
    fact = _facts(config)["Alembic"]

    assert (fact.present, fact.found.startswith("There is no Alembic project in ")) == (False, True)
    assert fact.fix.startswith("Go to the project's folder, ")


def test_a_version_that_is_not_here_is_told_with_those_that_are(config: Config) -> None:
    """The reader may take one of them."""
    fact = _facts(replace(config, postgres=9))["PostgreSQL"]

    assert not fact.present
    assert "Offered here: " in fact.found
    assert "(embedded, " in fact.found
    assert fact.fix


def test_a_given_server_is_shown_without_its_password(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not asked: `doctor` looks at this machine."""
    monkeypatch.setattr(redaction, "_secrets", set())
    fact = _facts(replace(config, server_url="postgresql://amy:tiger@db/app"))["PostgreSQL"]

    assert fact == Fact("PostgreSQL", True, "the given server postgresql://amy:***@db/app")


def test_a_folder_that_cannot_be_made_is_told_with_its_variable(config: Config, tmp_path: Path) -> None:
    """The nearest folder that exists is the one to mend."""
    file = tmp_path / "file"
    file.touch()
    facts = _facts(replace(config, cache=file / "below", state=tmp_path / "new" / "state"))

    assert facts["cache"] == Fact(
        "cache",
        False,
        str(file / "below"),
        f"Make {file} writable, or set HEADGATE_CACHE to another folder.",
    )
    assert facts["state"].present


def test_the_example_becomes_the_env_file_once(config: Config) -> None:
    """What a developer has written there since is kept."""
    env = config.root / "backend" / ".env"

    assert write_env(config) == env
    assert env.read_text() == "A=1\n"
    env.write_text("A=2\n")
    assert write_env(config) is None
    assert env.read_text() == "A=2\n"


def test_without_an_example_no_env_file_is_written(config: Config) -> None:
    """There is nothing to say in it."""
    assert write_env(replace(config, backend=Backend(folder="nowhere"))) is None


def test_an_env_file_that_cannot_be_written_is_told(config: Config, tmp_path: Path) -> None:
    """A link into a folder that is gone, for one."""
    env = config.root / "backend" / ".env"
    env.symlink_to(tmp_path / "gone" / ".env")

    with pytest.raises(HeadgateError) as caught:
        write_env(config)

    assert caught.value.what == f"{env} cannot be written: No such file or directory."


def test_hooks_of_both_stages_are_installed(made: Made, config: Config) -> None:
    """One command, as the configuration asks."""
    assert install_hooks(config) == "git hooks: installed for commit and push"
    assert {"pre-commit", "pre-push"} <= {path.name for path in (made.root / ".git" / "hooks").iterdir()}


def test_hooks_that_cannot_be_installed_are_told(made: Made, config: Config) -> None:
    """pre-commit does not overrule a hooks folder of the user's own."""
    made.git("config", "core.hooksPath", "elsewhere")

    with pytest.raises(HeadgateError) as caught:
        install_hooks(config)

    assert caught.value.what.startswith("pre-commit cannot install the git hooks: ")
    assert "core.hooksPath" in caught.value.what


def test_nothing_to_install_is_said(made: Made, config: Config, tmp_path: Path) -> None:
    """Neither is a failure of setup."""
    (made.root / ".pre-commit-config.yaml").unlink()

    assert install_hooks(config) == "git hooks: none, there is no .pre-commit-config.yaml"
    assert install_hooks(replace(config, root=tmp_path)) == "git hooks: not installed, this is no git repository"
