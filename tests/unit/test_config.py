"""`headgate.config`: one frozen Config, and no setting that is silently wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate import redaction
from headgate.config import Config, load
from headgate.errors import HeadgateError
from headgate.redaction import redacted


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine is read but what a test sets."""
    for name in ("HEADGATE_POSTGRES_URL", "HEADGATE_POSTGRES", "DATABASE_URL", "PGPASSWORD", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEADGATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HEADGATE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(redaction, "_secrets", set())


def _write(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _refused(folder: Path) -> HeadgateError:
    with pytest.raises(HeadgateError) as caught:
        load(folder)
    return caught.value


def test_a_project_without_settings_gets_the_defaults(tmp_path: Path) -> None:
    """headgate must be of use before anybody has read about its settings."""
    _write(tmp_path / "shop", "[alembic]\n", "alembic.ini")
    (tmp_path / "shop" / "src").mkdir()

    config = load(tmp_path / "shop" / "src")

    assert config == Config(root=tmp_path / "shop", cache=tmp_path / "cache", state=tmp_path / "state")
    assert (config.judge, config.postgres, config.base, config.url_variable) == ("new", 18, None, "DATABASE_URL")


def test_settings_are_found_from_any_folder_below(tmp_path: Path) -> None:
    """A pyproject.toml of a part of the repository, which has no such table, does not hide them."""
    _write(tmp_path, '[tool.headgate]\nbase = "trunk"\npostgres = 16\n[tool.headgate.docs]\npages = ["a", "b"]\n')
    _write(tmp_path / "backend" / "src", "[project]\nname = 'part'\n")

    config = load(tmp_path / "backend" / "src")

    assert (config.root, config.base, config.postgres) == (tmp_path, "trunk", 16)
    assert config.docs.pages == ("a", "b")


def test_a_file_of_its_own_goes_before_pyproject(tmp_path: Path) -> None:
    """In headgate.toml the settings stand at the top, without a table's name."""
    _write(tmp_path, '[tool.headgate]\nbase = "other"\n')
    _write(tmp_path, 'base = "trunk"\n[severities]\nrevision-header = "off"\n', "headgate.toml")

    config = load(tmp_path)

    assert (config.base, config.severities) == ("trunk", {"revision-header": "off"})


def test_what_a_rehearsal_resembles_is_read(tmp_path: Path) -> None:
    """A table's name may need its schema, or quotes of its own."""
    _write(
        tmp_path,
        "rows = 50\ntimeout = 5\ntimezone = 'UTC'\nsizes = 'db/sizes.toml'\n"
        '[given]\nusers = "tests/rows/users.sql"\n"shop.order lines" = "tests.rows:lines"\n',
        "headgate.toml",
    )

    config = load(tmp_path)

    assert (config.rows, config.timeout, config.timezone, config.sizes) == (50, 5, "UTC", "db/sizes.toml")
    assert config.given == {"users": "tests/rows/users.sql", "shop.order lines": "tests.rows:lines"}


def test_settings_outside_the_repository_are_not_read(tmp_path: Path) -> None:
    """A stray pyproject.toml in the home folder is not this project's."""
    _write(tmp_path, '[tool.headgate]\nbase = "trunk"\n')
    (tmp_path / "repository" / ".git").mkdir(parents=True)

    assert load(tmp_path / "repository").base is None


@pytest.mark.parametrize(
    ("lines", "what", "fix"),
    [
        (
            'databse = "x"',
            "[tool.headgate] has no setting 'databse'.",
            "The settings are: alembic, backend, base, baseline, database, docs, driver, extensions, given, heads,"
            " judge, postgres, prepare, rows, section, server_url, severities, sizes, timeout, timezone, url_variable,"
            " versions, x.",
        ),
        (
            'docs = { API = "x" }',
            "[tool.headgate.docs] has no setting 'API'.",
            "The settings are: api, deployment, pages, schema.",
        ),
        ("root = '/'", "[tool.headgate] has no setting 'root'.", None),
        ("base = 5", "[tool.headgate] base = 5 has the wrong type.", "Write it as a text in quotes."),
        (
            "baseline = 20261101090000",
            "[tool.headgate] baseline = 20261101090000 has the wrong type.",
            "Write it as a text in quotes.",
        ),
        ("alembic = ['a.ini']", "[tool.headgate] alembic = ['a.ini'] has the wrong type.", None),
        ("postgres = true", "[tool.headgate] postgres = True has the wrong type.", "Write it as a number, as in 18."),
        ("backend = 'b'", "[tool.headgate] backend = 'b' has the wrong type.", None),
        ("backend.folder = 1", "[tool.headgate.backend] folder = 1 has the wrong type.", None),
        (
            'docs.pages = "README.md"',
            "[tool.headgate.docs] pages = 'README.md' has the wrong type.",
            'Write it as a list of texts, as in ["README.md", "docs"].',
        ),
        ("docs.pages = [1]", "[tool.headgate.docs] pages = [1] has the wrong type.", None),
        ('judge = "some"', 'judge = "some" is not known.', 'Use judge = "new" or "all".'),
        (
            'severities.x = "fatal"',
            'the severity "fatal" of x is not known.',
            'Use "error", "warning", "advice" or "off".',
        ),
        ("severities.x = []", 'the severity "[]" of x is not known.', None),
        (
            "timeout = 0",
            "[tool.headgate] timeout = 0 has the wrong type.",
            "Write it as a number of seconds, as in 60.",
        ),
        ("timeout = true", "[tool.headgate] timeout = True has the wrong type.", None),
        ("rows = 2000000", "[tool.headgate] rows = 2000000 has the wrong type.", None),
        ("timezone = 2", "[tool.headgate] timezone = 2 has the wrong type.", "Write it as a text in quotes."),
        ("given = 'users.sql'", "[tool.headgate] given = 'users.sql' has the wrong type.", None),
        (
            "given.users = 5",
            "the rows given for users are 5, not a text in quotes.",
            'Name a file of SQL or a function, as in users = "tests/rows/users.sql" or "tests.rows:users".',
        ),
    ],
)
def test_a_setting_that_is_wrong_is_refused_by_name(tmp_path: Path, lines: str, what: str, fix: str | None) -> None:
    """A misspelled setting that is ignored looks like one that does not work."""
    path = _write(tmp_path, f"[tool.headgate]\n{lines}\n")

    error = _refused(tmp_path)

    assert error.what == f"{path}: {what}"
    if fix:
        assert error.fix == fix


@pytest.mark.parametrize("text", ["tool.headgate = 5\n", "[tool]\nheadgate = []\n"])
def test_settings_that_are_no_table_are_refused(tmp_path: Path, text: str) -> None:
    """It parses as TOML all the same."""
    path = _write(tmp_path, text)

    assert _refused(tmp_path).what == f"{path}: tool.headgate is not a table."


@pytest.mark.parametrize("content", [b"[tool\n", b"\xff\xfe[tool.headgate]"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    """The parser's message alone does not say which file."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)

    assert _refused(tmp_path).what.startswith(f"{path} cannot be read: ")


@pytest.mark.parametrize("value", ["13", "eighteen", "18.4"])
def test_a_version_that_is_not_offered_is_refused_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Judging with another version than the one asked for would be worse than not judging."""
    wanted = f"PostgreSQL {value} is not a version that headgate judges with."

    with pytest.raises(HeadgateError) as caught:
        load(tmp_path, postgres=value)
    assert (caught.value.what, caught.value.fix) == (wanted, "Choose one of 14, 15, 16, 17, 18.")
    _write(tmp_path, f'[tool.headgate]\npostgres = "{value}"\n')
    assert _refused(tmp_path).what == wanted
    (tmp_path / "pyproject.toml").unlink()
    monkeypatch.setenv("HEADGATE_POSTGRES", value)
    assert _refused(tmp_path).what == wanted


def test_the_option_goes_before_the_environment_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nearer to the command, the stronger."""
    _write(tmp_path, '[tool.headgate]\npostgres = 16\nserver_url = "postgresql://file/app"\n')
    assert (load(tmp_path).postgres, load(tmp_path).server_url) == (16, "postgresql://file/app")

    monkeypatch.setenv("HEADGATE_POSTGRES", "17")
    monkeypatch.setenv("HEADGATE_POSTGRES_URL", "postgresql://environment/app")

    assert (load(tmp_path).postgres, load(tmp_path).server_url) == (17, "postgresql://environment/app")
    assert load(tmp_path, postgres="18").postgres == 18


def test_the_database_is_the_one_that_the_named_variable_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is how a shell says that there is none."""
    _write(tmp_path, '[tool.headgate]\nurl_variable = "APP_DB"\n')
    config = load(tmp_path)

    assert config.database_url is None
    monkeypatch.setenv("APP_DB", "")
    assert config.database_url is None
    monkeypatch.setenv("APP_DB", "postgresql://db/app")
    assert config.database_url == "postgresql://db/app"


def test_loading_remembers_every_password_that_it_meets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is printed afterwards is printed by somebody who does not know them."""
    passfile = tmp_path / "passfile"
    passfile.write_text("*:*:*:*:in-a-file\n")
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    monkeypatch.setenv("PGPASSWORD", "in-a-variable")
    monkeypatch.setenv("DATABASE_URL", "postgresql://amy:in%40a-url@db/app")
    monkeypatch.setenv("HEADGATE_POSTGRES_URL", "postgresql://db/app?password=of-the-server")

    config = load(tmp_path)

    assert redacted("in-a-file in-a-variable in@a-url of-the-server") == "*** *** *** ***"
    assert "of-the-server" not in repr(config)
