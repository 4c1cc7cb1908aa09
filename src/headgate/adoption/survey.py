"""What a foreign repository is like: its Alembic project, its env.py, its driver, its base branch, its heads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from headgate import locating
from headgate import project as projects
from headgate.adoption.application import application
from headgate.adoption.base import measured_from
from headgate.adoption.convention import unkept
from headgate.adoption.driver import checked
from headgate.adoption.driver import driver as driver_of
from headgate.adoption.environment import Environment, read_environment
from headgate.adoption.held import Held, held
from headgate.adoption.sources import Source
from headgate.config import Config
from headgate.errors import HeadgateError
from headgate.project import Project
from headgate.wording import counted

__all__ = ["Answers", "Survey", "nearest", "survey"]

_PARTS = {
    "host": "{host}",
    "port": "{port}",
    "user": "{user}",
    "password": "{password}",
    "database": "{database}",
}
# In the text of a URL a socket's folder can only stand in the query, which SQLAlchemy lets win over the host.
_SPLICED = {**_PARTS, "host": "localhost", "password": "none", "database": "{database}?host={host}&port={port}"}


@dataclass(frozen=True)
class Answers:
    """What the user said beforehand, where it could not be found out.

    Args:
        alembic: the file that configures Alembic.
        section: its section.
        database: the one that is judged, of those in a multidb env.py.
        url_variable: the environment variable in which env.py expects the URL.
        driver: `psycopg`, `psycopg2` or `asyncpg`.
        base: the base branch.
        baseline: the newest revision that is not to be judged.
        within: the application that env.py runs inside of, or what makes it, as `package.module:name`.
        versions: the folder of the revisions, where env.py says so and not the ini file.
    """

    alembic: str | None = None
    section: str | None = None
    database: str | None = None
    url_variable: str | None = None
    driver: str | None = None
    base: str | None = None
    baseline: str | None = None
    within: str | None = None
    versions: str | None = None


@dataclass(frozen=True)
class Survey:
    """What was found.

    Args:
        held: the file that the settings are in, or are to be written to.
        project: the Alembic project.
        environment: its env.py.
        settings: the settings that must be written, in order.
        variables: the environment variables that must be set beside the URL's.
        within: the application that env.py runs inside of; `None` where it needs none.
        unkept: the rules about a file's form that the repository does not keep, each with the figures.
        notes: what was found, a line each, for the user to check.
    """

    held: Held
    project: Project
    environment: Environment
    settings: Mapping[str, str | list[str]]
    variables: Mapping[str, str]
    within: str | None
    unkept: Mapping[str, str]
    notes: tuple[str, ...]


def nearest(config: Config, folder: Path) -> Config:
    """Give settings whose root is the service that a folder is of, in a repository with several that has none yet.

    Args:
        config: the settings as they are now.
        folder: where one stands.
    """
    above = [one for one in (folder, *folder.parents) if one.is_relative_to(config.root) and one != config.root]
    if held(config.root).table is not None or config.alembic or not above or len(locating.candidates(config.root)) < 2:
        return config
    return replace(config, root=next((one for one in above if len(locating.candidates(one)) == 1), config.root))


def survey(config: Config, answers: Answers) -> Survey:
    """Look at a repository without running anything of it.

    Args:
        config: headgate's settings as they are now.
        answers: what the user said.

    Raises:
        HeadgateError: something cannot be found out; the fix names the option that says it.
    """
    root = config.root
    own = held(root)
    answers = _remembered(answers, own.table or {})
    file = _file(config, answers)
    section = _section(file, answers.section or config.section)
    inside = file.resolve().is_relative_to(root.resolve())
    shown = file.resolve().relative_to(root.resolve()).as_posix() if inside else str(file)
    names = locating.databases(file, section)
    database = answers.database or config.database
    if len(names) > 1 and database is None:
        raise HeadgateError(
            f"{file.name} is of {len(names)} databases: {', '.join(names)}.",
            f"Choose the one that is judged: headgate init --database {names[0]}",
        )
    if answers.database and answers.database not in names:
        raise HeadgateError(
            f"{file.name} has no database {answers.database}; it is of {', '.join(names) or 'one, without a name'}.",
            f"Choose one: headgate init --database {names[0]}" if names else "Leave out --database.",
        )
    versions = (answers.versions,) if answers.versions else config.versions
    found = projects.find(replace(config, alembic=shown, section=section, database=database, versions=versions))
    _ask_for_versions(found)
    settings: dict[str, str | list[str]] = {"alembic": shown}
    if section != "alembic":
        settings["section"] = section
    if database is not None:
        settings["database"] = database
    if answers.versions:
        settings["versions"] = [answers.versions]
    environment = read_environment(found.script_folder / "env.py", root, found.folder)
    environment, within = _inside(environment, answers, config)
    base, baseline = measured_from(found, answers.base, answers.baseline)
    if base:
        settings["base"] = base
    if baseline:
        settings["baseline"] = baseline
    variables, how = _url(environment, answers, found, settings)
    driver = checked(answers.driver) if answers.driver else driver_of(environment, found)
    if driver != "psycopg":
        settings["driver"] = driver
    heads = ", ".join(found.heads) or "none yet"
    notes = (
        f"Alembic: {shown}{f' [{section}]' if section != 'alembic' else ''},"
        f" {counted(len(found.revisions), 'revision')}, heads: {heads}",
        f"env.py: {found.shown(environment.path)},"
        f" {'asynchronous' if environment.asynchronous else 'synchronous'}, {driver}",
        f"URL: {how}",
        *([f"inside of: {within}"] if within else []),
        f"new: {_new(config, base, baseline)}",
    )
    return Survey(own, found, environment, settings, variables, within, unkept(found), notes)


def _inside(environment: Environment, answers: Answers, config: Config) -> tuple[Environment, str | None]:
    """Look into the application that env.py runs inside of, for its name and its URL."""
    asked = environment.of("application")
    within = answers.within or config.prepare.within
    if not asked:
        return environment, within
    found = application(config.root)
    usual = [place for place in found.places if place.partition(":")[2] in ("create_app", "make_app")]
    places = usual or list(found.places)
    if within is None and len(places) != 1:
        seen = f"{len(places)} would do: {', '.join(places)}" if places else "nothing says which one"
        example = places[0] if places else "app:create_app"
        raise HeadgateError(
            f"env.py runs inside of a Flask application, and {seen}.",
            f"Name it, or the function that makes it: headgate init --within {example}",
        )
    # A class of settings for tests is chosen by the tests.
    known = tuple(one for one in found.sources if one.kind == "variable" and "TEST" not in one.name)
    return replace(environment, sources=known or asked), within or places[0]


def _remembered(answers: Answers, table: Mapping[str, Any]) -> Answers:
    """What the settings say already need not be said again."""
    known = {field.name: table.get(field.name) for field in fields(Answers)}
    said = {name: value for name, value in vars(answers).items() if value}
    return Answers(**{name: value for name, value in known.items() if isinstance(value, str)} | said)


def _new(config: Config, base: str | None, baseline: str | None) -> str:
    if config.judge == "all":
        return "every revision, as the settings say"
    if baseline:
        return f"what is above {baseline}"
    return f"what is not on {base or 'main or master'}"


def _file(config: Config, answers: Answers) -> Path:
    named = answers.alembic or config.alembic
    seen = [path.relative_to(config.root).as_posix() for path in locating.candidates(config.root)]
    example = seen[0] if seen else "path/to/alembic.ini"
    if named:
        here = Path.cwd() / named  # as it is typed
        file = here if here.is_file() and here.is_relative_to(config.root.resolve()) else config.root / named
        if not file.is_file():
            raise HeadgateError(f"{named} is not there.", f"Name one that is: headgate init --alembic {example}")
        return file
    try:
        return locating.only_file(config.root)
    except HeadgateError as error:
        fix = f"Go to the project's folder, or name the file: headgate init --alembic {example}"
        if seen:
            fix = f"Choose one: headgate init --alembic {example}, or go to its folder."
        raise HeadgateError(error.what, fix) from None


def _ask_for_versions(found: Project) -> None:
    """An env.py may choose the folder of the revisions itself, one for each kind of database."""
    if found.revisions:
        return
    below = [
        path.parent
        for folder in found.version_folders
        for path in sorted(folder.glob("*/*.py"))
        if path.name != "__init__.py"
    ]
    if folders := [found.shown(folder) for folder in dict.fromkeys(below)]:
        usual = next((folder for folder in folders if "postgres" in folder), folders[0])
        raise HeadgateError(
            f"{found.shown(found.version_folders[0])} has no revisions, but folders: {', '.join(folders)}.",
            f"Name the one that PostgreSQL gets: headgate init --versions {usual}",
        )


def _section(file: Path, configured: str) -> str:
    named = locating.sections(file)
    listed = ", ".join(f"[{name}]" for name in named)
    if len(named) > 1 and configured == "alembic":
        raise HeadgateError(
            f"{file.name} has {len(named)} environments: {listed}.", f"Choose one: headgate init --section {named[0]}"
        )
    if named and configured not in named and (configured != "alembic" or len(named) > 1):
        raise HeadgateError(
            f"{file.name} has no section [{configured}]; its environments are {listed}.",
            f"Choose one: headgate init --section {named[0]}",
        )
    return locating.section_of(file, configured)


def _url(
    environment: Environment, answers: Answers, found: Project, settings: dict[str, str | list[str]]
) -> tuple[Mapping[str, str], str]:
    """Say how env.py is handed the URL; what that takes goes into the settings."""
    config = found.config
    if config.x or config.prepare.variables:
        return {}, "as the settings say"
    variables = environment.of("variable")
    whole = list(dict.fromkeys(source.name for source in variables if source.part == "url"))
    parts = {source.name: _value(source) for source in variables if source.part != "url"}
    keys = list(dict.fromkeys(source.name for source in environment.of("x")))
    if answers.url_variable:
        settings["url_variable"] = answers.url_variable
        return {}, f"${answers.url_variable}"
    if whole:
        if whole[0] != "DATABASE_URL":
            settings["url_variable"] = whole[0]
        return dict.fromkeys(whole[1:], "{url}"), " and ".join(f"${name}" for name in whole)
    if keys:
        settings["x"] = [f"{key}={{url}}" for key in keys]
        return {}, " and ".join(f"-x {key}=…" for key in keys)
    if parts:
        return parts, "put together from " + ", ".join(f"${name}" for name in parts)
    if environment.of("ini"):
        return {}, f"sqlalchemy.url of {found.ini.name}"
    where = found.shown(environment.path)
    if application := environment.of("application"):
        raise HeadgateError(
            f"{where} takes its URL from {application[0].name}, an application that headgate does not run.",
            "Name the variable that the application reads: headgate init --url-variable DATABASE_URL",
        )
    unknown = next(iter(environment.of("unknown")), None)
    said = f"from `{unknown.name}`, line {unknown.line}" if unknown else "from a fixed text"
    raise HeadgateError(
        f"{where} takes its URL {said}, so nothing says how to give it another.",
        "Name the environment variable that decides it: headgate init --url-variable NAME",
    )


def _value(source: Source) -> str:
    return (_SPLICED if source.spliced else _PARTS)[source.part]
