"""`[tool.headgate]` and the environment, read once into one frozen `Config`. Nothing else reads settings.

The table stands in `pyproject.toml`, or at the top of a `headgate.toml`. A project without either gets the defaults.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from headgate import git, redaction
from headgate.errors import HeadgateError

__all__ = ["Backend", "Config", "Docs", "load"]

SUPPORTED_MAJORS = (14, 15, 16, 17, 18)


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
class Config:
    """Every setting of one project.

    Args:
        root: the folder of the file that holds the settings, or else the top of the git checkout.
        alembic: the Alembic ini file, relative to the root; `None` to look for it.
        section: the section of that file.
        base: the branch that new revisions are measured from; `None` to look for `main` or `master`.
        judge: `new` to judge what is not on the base branch, `all` to judge the whole history.
        baseline: a revision id; it and everything below it is run but never judged.
        postgres: the major version of the server that judges.
        server_url: a server to use instead of one that headgate starts; scratch databases are made on it.
        url_variable: the environment variable in which env.py expects the database's URL.
        cache: where prepared clusters are kept between runs.
        state: where the project's own development server keeps its data.
        severities: a rule's name to `error`, `warning`, `advice` or `off`.
        backend: the service.
        docs: the documents.
    """

    root: Path
    alembic: str | None = None
    section: str = "alembic"
    base: str | None = None
    judge: str = "new"
    baseline: str | None = None
    postgres: int = 18
    server_url: str | None = field(default=None, repr=False)
    url_variable: str = "DATABASE_URL"
    cache: Path = field(default_factory=Path)
    state: Path = field(default_factory=Path)
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
    for name, kind in (("backend", Backend), ("docs", Docs)):
        if name in values:
            values[name] = kind(**dict(_known(source, f"tool.headgate.{name}", kind, values[name])))
    if "postgres" in values:
        values["postgres"] = _major(values["postgres"])
    if values.get("judge", "new") not in {"new", "all"}:
        raise HeadgateError(f'{source}: judge = "{values["judge"]}" is not known.', 'Use judge = "new" or "all".')
    for rule, severity in values.get("severities", {}).items():
        if severity not in ("error", "warning", "advice", "off"):
            raise HeadgateError(
                f'{source}: the severity "{severity}" of {rule} is not known.',
                'Use "error", "warning", "advice" or "off".',
            )
    return values


def _known(
    source: Path | None, name: str, kind: type[Config | Backend | Docs], table: Any
) -> Iterator[tuple[str, Any]]:
    if not isinstance(table, dict):
        raise HeadgateError(f"{source}: {name} is not a table.", f"Write it as [{name}].")
    known = {entry.name for entry in fields(kind)} - {"root", "cache", "state"}
    for key, value in table.items():
        if key not in known:
            raise HeadgateError(
                f"{source}: [{name}] has no setting {key!r}.",
                f"The settings are: {', '.join(sorted(known))}.",
            )
        form, fits = _FORMS.get(key, ("a text in quotes", lambda given: isinstance(given, str)))
        if not fits(value):
            raise HeadgateError(f"{source}: [{name}] {key} = {value!r} has the wrong type.", f"Write it as {form}.")
        yield key, tuple(value) if isinstance(value, list) else value


def _is_table(given: object) -> bool:
    return isinstance(given, dict)


# What a setting that is not a text looks like in the file, and whether a value is one.
_FORMS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "backend": ("a table, [tool.headgate.backend]", _is_table),
    "docs": ("a table, [tool.headgate.docs]", _is_table),
    "severities": ("a table, [tool.headgate.severities]", _is_table),
    "pages": (
        'a list of texts, as in ["README.md", "docs"]',
        lambda given: isinstance(given, list) and all(isinstance(page, str) for page in given),
    ),
    "postgres": (
        "a number, as in 18",
        lambda given: isinstance(given, (int, str)) and not isinstance(given, bool),
    ),
}


def _major(value: object) -> int:
    try:
        major = int(str(value))
    except ValueError:
        major = 0
    if major not in SUPPORTED_MAJORS:
        raise HeadgateError(
            f"PostgreSQL {value} is not a version that headgate judges with.",
            f"Choose one of {', '.join(map(str, SUPPORTED_MAJORS))}.",
        )
    return major
