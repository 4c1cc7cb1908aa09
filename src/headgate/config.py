"""`[tool.headgate]` and the environment, read once into one frozen `Config`. Nothing else reads settings.

The table stands in `pyproject.toml`, or at the top of a `headgate.toml`. A project without either gets the defaults.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from headgate import git, redaction
from headgate.errors import HeadgateError
from headgate.forms import FORMS, MOST_ROWS, MOST_SECONDS

__all__ = ["MOST_ROWS", "MOST_SECONDS", "Backend", "Config", "Docs", "Prepare", "load"]

SUPPORTED_MAJORS = (14, 15, 16, 17, 18)
DRIVERS = ("psycopg", "psycopg2", "asyncpg")


@dataclass(frozen=True)
class Docs:
    """The documents that are held against the code. Paths are relative to the root.

    Args:
        api: the page that holds the GraphQL schema.
        deployment: the page that names each revision which needs an operator's hand.
        schema: where the GraphQL schema is, as `package.module:attribute`.
        pages: folders and files whose links are checked.
    """

    api: str | None = None
    deployment: str | None = None
    schema: str | None = None
    pages: tuple[str, ...] = ("README.md", "docs")


@dataclass(frozen=True)
class Backend:
    """The service whose schema the migrations build.

    Args:
        folder: its folder, relative to the root.
        app: the ASGI application, as `package.module:attribute`.
        graphql: the path of its GraphQL endpoint.
        health: the path of its health endpoint.
    """

    folder: str = "backend"
    app: str = "backend.main:app"
    graphql: str = "/graphql"
    health: str = "/health"


@dataclass(frozen=True)
class Prepare:
    """What env.py needs before it runs on a scratch database.

    Args:
        variables: environment variables; `{url}` and the like in a value stand for the scratch database's.
        sql: SQL that an empty database is given before the first revision, or the file that holds it.
        command: a program that is run before the first revision, with those variables set.
        attributes: `package.module:function`, which is given the URL and gives `config.attributes` for a run.
        within: `package.module:function`, which is given a function and calls it where env.py can run.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    sql: str | None = None
    command: tuple[str, ...] = ()
    attributes: str | None = None
    within: str | None = None


@dataclass(frozen=True)
class Config:
    """Every setting of one project.

    Args:
        root: the folder of the file that holds the settings, or else the top of the git checkout.
        alembic: the Alembic ini file, relative to the root; `None` to look for it.
        section: the section of that file.
        x: the arguments of Alembic's `-x`; `{url}` in one stands for the scratch database's URL.
        database: which one of the databases of a multidb env.py is judged.
        versions: the folders of the revision files, relative to the root, where env.py sets them and not the ini file.
        heads: ids or branch labels; only what they build on is run. For a history with others that never meet them.
        base: the branch that new revisions are measured from; `None` to look for `main` or `master`.
        judge: `new` to judge what is not on the base branch, `all` to judge the whole history.
        baseline: a revision id; it and everything below it is run but never judged.
        postgres: the major version of the server that judges.
        extensions: what the migrations need beside what their `CREATE EXTENSION` says, as in `("citext",)`.
        server_url: a server to use instead of one that headgate starts; scratch databases are made on it.
        url_variable: the environment variable in which env.py expects the database's URL.
        driver: the driver in the URL that env.py is handed: `psycopg`, `psycopg2` or `asyncpg`.
        prepare: what env.py needs before it runs.
        cache: where prepared clusters are kept between runs.
        state: where the project's own development server keeps its data.
        keep: whether the state below the new revisions is kept between runs.
        rows: how many rows each table is given before the new revisions run.
        given: rows of the project's own: a table's SQL name to a file of SQL, relative to the root, or to
            `package.module:function`.
        timeout: how many seconds a statement, or the Python between two of them, may take in a rehearsal.
        timezone: the production server's `TimeZone`, which rehearsals run under; `None` for the server's own.
        sizes: the file of the production tables' sizes, relative to the root; `None` for `headgate-sizes.toml`, which
            need not be there.
        severities: a rule's name to `error`, `warning`, `advice` or `off`.
        backend: the service.
        docs: the documents.
    """

    root: Path
    alembic: str | None = None
    section: str = "alembic"
    x: tuple[str, ...] = ()
    database: str | None = None
    versions: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    base: str | None = None
    judge: str = "new"
    baseline: str | None = None
    postgres: int = 18
    extensions: tuple[str, ...] = ()
    server_url: str | None = field(default=None, repr=False)
    url_variable: str = "DATABASE_URL"
    driver: str = "psycopg"
    prepare: Prepare = field(default_factory=Prepare)
    cache: Path = field(default_factory=Path)
    state: Path = field(default_factory=Path)
    keep: bool = False
    rows: int = 1000
    given: Mapping[str, str] = field(default_factory=dict)
    timeout: int = 60
    timezone: str | None = None
    sizes: str | None = None
    severities: Mapping[str, str] = field(default_factory=dict)
    backend: Backend = field(default_factory=Backend)
    docs: Docs = field(default_factory=Docs)

    @property
    def database_url(self) -> str | None:
        """The database that the user named in the environment; `None` means the project's own server."""
        return os.environ.get(self.url_variable) or None


def load(start: Path, *, postgres: str | None = None) -> Config:
    """Read the settings that hold for a folder.

    Args:
        start: any folder inside the project.
        postgres: a major version that beats the setting, as in `18`.

    Raises:
        HeadgateError: the file cannot be read, or holds a setting that does not exist or has the wrong type.
    """
    redaction.remember_environment(os.environ)
    source, table = _find_table(start.resolve())
    values = _checked(source, table)
    root = source.parent if source else _root_without_settings(start.resolve())
    server_url = os.environ.get("HEADGATE_POSTGRES_URL") or values.pop("server_url", None)
    values.pop("server_url", None)
    if chosen := postgres or os.environ.get("HEADGATE_POSTGRES"):
        values["postgres"] = _major(chosen)
    config = Config(
        root=root,
        server_url=server_url,
        cache=_folder("HEADGATE_CACHE", "user_cache_path"),
        state=_folder("HEADGATE_STATE", "user_data_path"),
        # In CI everything is run from nothing: a state that is wrong must not pass there too.
        keep=os.environ.get("HEADGATE_KEEP", "0" if os.environ.get("CI") else "1") != "0",
        **values,
    )
    for url in filter(None, (config.server_url, config.database_url)):
        redaction.remember(url)
    return config


def _folder(variable: str, kind: str) -> Path:
    if given := os.environ.get(variable):
        return Path(given).expanduser().resolve()
    import platformdirs

    return Path(getattr(platformdirs, kind)("headgate", appauthor=False))


def _find_table(start: Path) -> tuple[Path | None, Any]:
    for folder in (start, *start.parents):
        own = folder / "headgate.toml"
        if own.is_file():
            return own, _read(own)
        shared = folder / "pyproject.toml"
        if shared.is_file():
            tools = _read(shared).get("tool")
            if isinstance(tools, dict) and "headgate" in tools:
                return shared, tools["headgate"]
        if (folder / ".git").exists():
            break
    return None, {}


def _root_without_settings(start: Path) -> Path:
    repository = git.find_repository(start)
    if repository:
        return repository.root
    return next((folder for folder in (start, *start.parents) if (folder / "alembic.ini").is_file()), start)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise HeadgateError(f"{path} cannot be read: {error}.", "Mend the file, then run the command again.") from error


def _checked(source: Path | None, table: Any) -> dict[str, Any]:
    values = dict(_known(source, "tool.headgate", Config, table))
    for name, kind in (("backend", Backend), ("docs", Docs), ("prepare", Prepare)):
        if name in values:
            values[name] = kind(**dict(_known(source, f"tool.headgate.{name}", kind, values[name])))
    if "postgres" in values:
        values["postgres"] = _major(values["postgres"])
    if values.get("driver", "psycopg") not in DRIVERS:
        raise HeadgateError(f'{source}: driver = "{values["driver"]}" is not known.', f"Use {', '.join(DRIVERS)}.")
    if values.get("judge", "new") not in {"new", "all"}:
        raise HeadgateError(f'{source}: judge = "{values["judge"]}" is not known.', 'Use judge = "new" or "all".')
    for rule, severity in values.get("severities", {}).items():
        if severity not in ("error", "warning", "advice", "off"):
            raise HeadgateError(
                f'{source}: the severity "{severity}" of {rule} is not known.',
                'Use "error", "warning", "advice" or "off".',
            )
    for of, rows in values.get("given", {}).items():
        if not isinstance(rows, str):
            raise HeadgateError(
                f"{source}: the rows given for {of} are {rows!r}, not a text in quotes.",
                f'Name a file of SQL or a function, as in {of} = "tests/rows/{of}.sql" or "tests.rows:{of}".',
            )
    return values


def _known(
    source: Path | None, name: str, kind: type[Config | Backend | Docs | Prepare], table: Any
) -> Iterator[tuple[str, Any]]:
    if not isinstance(table, dict):
        raise HeadgateError(f"{source}: {name} is not a table.", f"Write it as [{name}].")
    known = {entry.name for entry in fields(kind)} - {"root", "cache", "state", "keep"}
    for key, value in table.items():
        if key not in known:
            raise HeadgateError(
                f"{source}: [{name}] has no setting {key!r}.",
                f"The settings are: {', '.join(sorted(known))}.",
            )
        form, fits = FORMS.get(key, ("a text in quotes", lambda given: isinstance(given, str)))
        if not fits(value):
            raise HeadgateError(f"{source}: [{name}] {key} = {value!r} has the wrong type.", f"Write it as {form}.")
        yield key, tuple(value) if isinstance(value, list) else value


def _major(value: object) -> int:
    try:
        major = int(str(value))
    except ValueError:
        major = 0
    if major not in SUPPORTED_MAJORS:
        majors = ", ".join(map(str, SUPPORTED_MAJORS))
        raise HeadgateError(
            f"PostgreSQL {value} is not a version that headgate judges with.", f"Choose one of {majors}."
        )
    return major
