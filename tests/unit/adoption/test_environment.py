"""`headgate.adoption.environment`: where an env.py takes its URL from, read from its syntax tree alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from headgate.adoption.environment import Environment, driver_of, read_environment
from headgate.errors import HeadgateError

PLAIN = """
    from app.config import settings
    context.config.set_main_option("sqlalchemy.url", str(settings.database_url))
"""


def _read(folder: Path, env: str, modules: Mapping[str, str] | None = None) -> Environment:
    (folder / "alembic").mkdir()
    (folder / "alembic" / "env.py").write_text(dedent(env))
    for name, source in (modules or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source))
    return read_environment(folder / "alembic" / "env.py", folder)


def _sources(environment: Environment) -> list[tuple[str, str, str]]:
    return [(source.kind, source.name, source.part) for source in environment.sources if source.kind != "text"]


@pytest.mark.parametrize(
    ("env", "found"),
    [
        (
            'engine_from_config(config.get_section(config.config_ini_section), prefix="sqlalchemy.")',
            [("ini", "sqlalchemy.url", "url")],
        ),
        (
            'import os\nconfig.set_main_option("sqlalchemy.url", os.environ["SHOP_DB"].replace("%", "%%"))',
            [("variable", "SHOP_DB", "url")],
        ),
        (
            'from os import getenv\ndef url():\n    return getenv("A") or getenv("B", "postgresql://x")\ncreate_engine(url())',
            [("variable", "A", "url"), ("variable", "B", "url")],
        ),
        (
            'from decouple import config as env\ncreate_engine(env("SHOP_DB"))',
            [("variable", "SHOP_DB", "url")],
        ),
        (
            'args = context.get_x_argument(as_dictionary=True)\ncreate_engine(args.get("dburl"))',
            [("x", "dburl", "url")],
        ),
        (
            'import os\nsection = config.get_section("alembic")\nsection["sqlalchemy.url"] = os.environ["U"]',
            [("variable", "U", "url")],
        ),
        (
            "import os\ncreate_engine(f\"postgresql://me:{os.environ['PW']}@{os.environ['HOST']}/{os.environ['DB']}\")",
            [("variable", "PW", "password"), ("variable", "HOST", "host"), ("variable", "DB", "database")],
        ),
        ("import vault\ncreate_engine(vault.fetch('db'))", [("unknown", "vault.fetch('db')", "url")]),
        ('create_engine("postgresql://me@live/shop")', []),
        ("from vault import engine\nwith engine().connect() as c:\n    pass", [("unknown", "engine()", "url")]),
        (
            "from flask import current_app\n"
            'config.set_main_option("sqlalchemy.url", current_app.config.get("SQLALCHEMY_DATABASE_URI"))',
            [("application", "current_app", "url"), ("application", "current_app", "url")],
        ),
    ],
    ids=["ini", "environ", "or", "decouple", "x", "section", "parts", "unknown", "fixed", "another's engine", "flask"],
)
def test_the_place_that_the_url_comes_from_is_found(
    env: str, found: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    """It says how headgate hands over a scratch database without a change to env.py."""
    assert _sources(_read(tmp_path, env)) == found


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ("class Settings(BaseSettings):\n    database_url: str\nsettings = Settings()", "DATABASE_URL"),
        (
            "class Settings(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='APP_')\n"
            "    database_url: str\nsettings = Settings()",
            "APP_DATABASE_URL",
        ),
        (
            "class Settings(BaseSettings):\n    class Config:\n        env_prefix = 'APP_'\n"
            "    database_url: str\nsettings = Settings()",
            "APP_DATABASE_URL",
        ),
        (
            "class Settings(BaseSettings):\n    database_url: str = Field(validation_alias='PG_DSN')\n"
            "settings = Settings()",
            "PG_DSN",
        ),
        (
            "class Base(BaseSettings):\n    database_url: str\nclass Settings(Base):\n    pass\nsettings = Settings()",
            "DATABASE_URL",
        ),
        ("import os\nclass settings:\n    database_url = os.environ.get('SHOP_DB')", "SHOP_DB"),
    ],
    ids=["field", "prefix", "class Config", "alias", "inherited", "plain class"],
)
def test_a_settings_object_is_followed_to_its_variable(settings: str, variable: str, tmp_path: Path) -> None:
    """Most projects do not name the variable anywhere: the settings class does by its field."""
    read = _read(tmp_path, PLAIN, {"app/config.py": settings})
    assert _sources(read) == [("variable", variable, "url")]


def test_a_url_put_together_by_a_nested_settings_object_is_taken_apart(tmp_path: Path) -> None:
    """Each part must be handed over by the variable that it is read from."""
    read = _read(
        tmp_path,
        """
        from app.config import get_settings
        config.set_main_option("sqlalchemy.url", get_settings().db.url)
        """,
        {
            "app/config.py": """
            class Db(BaseModel):
                host: str
                name: str
                @property
                def url(self):
                    return f"postgresql+asyncpg://app@{self.host}:5432/{self.name}"
            class Settings(BaseSettings):
                model_config = {"env_nested_delimiter": "__"}
                db: Db
            def get_settings():
                return Settings()
            """
        },
    )
    assert _sources(read) == [("variable", "DB__HOST", "host"), ("variable", "DB__NAME", "database")]
    assert read.drivers == ("asyncpg",)


def test_an_engine_that_is_imported_is_followed(tmp_path: Path) -> None:
    """An env.py may take the application's engine as it is."""
    read = _read(
        tmp_path,
        "from app.db import engine\nconnectable = engine",
        {"app/db.py": 'import os\nengine = create_async_engine(os.environ["SHOP_DB"])'},
    )
    assert _sources(read) == [("variable", "SHOP_DB", "url")]


def test_an_asynchronous_env_is_known_by_its_engine(tmp_path: Path) -> None:
    """It cannot run on psycopg2."""
    assert _read(tmp_path, "async_engine_from_config(config.get_section('alembic'))").asynchronous


def test_an_env_that_is_no_python_is_named_with_its_line(tmp_path: Path) -> None:
    """It is the project's defect, and no crash of ours."""
    with pytest.raises(HeadgateError) as caught:
        _read(tmp_path, "import os\ndef (:\n")
    assert caught.value.what.endswith("env.py, line 2: invalid syntax.")


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql+asyncpg://h/d", "asyncpg"),
        ("postgresql+psycopg_async://", "psycopg"),
        ("postgresql://h/d", None),
        ("sqlite+aiosqlite://", None),
        ("1+1", None),
    ],
)
def test_the_driver_is_what_the_url_names(url: str, driver: str | None) -> None:
    """A plain `postgresql://` names none, and other databases' drivers are not ours."""
    assert driver_of(url) == driver
