"""What a project's env.py needs around it before it runs: its folder, its variables, what stands in an empty database.

`[tool.headgate.prepare]` says so where it cannot be found out. Nothing of the project itself is changed for it.
"""

from __future__ import annotations

import functools
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.errors import HeadgateError
from headgate.wording import first_line

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

    from headgate.project import Project
    from headgate.rehearsal.model import Move

__all__ = ["Prepared", "prepared"]


@dataclass(frozen=True)
class Prepared:
    """How env.py is run; every value crosses to the child process by pickling.

    Args:
        folder: where Alembic is run.
        root: the folder of the settings; functions that they name are imported from there too.
        variable: the environment variable in which env.py expects the database's URL.
        driver: the driver that this URL names.
        variables: more variables; `{url}`, `{host}`, `{port}`, `{user}`, `{password}` and `{database}` stand for
            those of the scratch database.
        sql: what is run in an empty database before the first revision; empty for nothing.
        command: a program that is run before the first revision, after the SQL.
        attributes: `package.module:function`, which is given the URL and gives `config.attributes` for a run.
        within: `package.module:function`, which is given a function and calls it where env.py can run; or a Flask
            application, or a function that makes one without an argument.
        versions: the folders of the revision files, where env.py sets them and not the ini file.
        x: the arguments of `-x`, with the same placeholders as the variables.
        database: the one that is judged, where env.py has several.
    """

    folder: Path
    root: Path
    variable: str = "DATABASE_URL"
    driver: str = "psycopg"
    variables: Mapping[str, str] = field(default_factory=dict)
    sql: str = ""
    command: tuple[str, ...] = ()
    attributes: str | None = None
    within: str | None = None
    versions: tuple[str, ...] = ()
    x: tuple[str, ...] = ()
    database: str | None = None

    def url(self, url: str) -> str:
        """Give a database's URL with the driver that env.py expects."""
        # Rendered anew it would be full of "%", which an env.py that hands it on to configparser does not survive.
        return f"postgresql+{self.driver}://{url.partition('://')[2]}"

    def hand_over(self, url: str) -> None:
        """Set the variables and the working folder of this process, which stays so.

        Args:
            url: the scratch database, as a SQLAlchemy URL.
        """
        os.environ[self.variable] = self.url(url)
        for name, text in self.variables.items():
            os.environ[name] = self._filled(text, url)
        os.chdir(self.folder)
        for path in [path for path in sys.path_importer_cache if not Path(path).is_absolute()]:
            del sys.path_importer_cache[path]  # a finder of "." stays where it was made

    def arguments(self, url: str) -> tuple[str, ...]:
        """Give the arguments of `-x` for a scratch database."""
        return tuple(self._filled(text, url) for text in self.x)

    def _filled(self, text: str, url: str) -> str:
        from sqlalchemy import make_url

        parsed = make_url(url)
        query = {name: str(value) for name, value in parsed.query.items()}
        values = {
            "{url}": self.url(url),
            "{host}": parsed.host or query.get("host", ""),
            "{port}": str(parsed.port or query.get("port", "")),
            "{user}": parsed.username or "",
            "{password}": str(parsed.password or ""),
            "{database}": parsed.database or "",
        }
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        return text

    def begin(self, url: str) -> None:
        """Bring an empty database to where the first revision starts.

        Raises:
            HeadgateError: the SQL or the command fails.
        """
        if self.sql:
            self._run_sql(url)
        if self.command:
            self._run_command()

    def waiting(self, script: ScriptDirectory, move: Move, heads: Iterable[str]) -> Iterable[str]:
        """Leave out of an upgrade what the database had when it was prepared: SQL or a command may have stamped it.

        Args:
            script: Alembic's script directory.
            move: the run.
            heads: what the version table holds.

        Raises:
            HeadgateError: a revision that is to be judged is there already.
        """
        if move.direction == "down" or not (self.sql or self.command):
            return move.revisions
        applied = _below(script, heads)
        meant = applied if move.leaves is None else _below(script, move.leaves)
        judged = applied.intersection(move.revisions) if move.compare else applied - meant
        if judged:
            raise HeadgateError(
                f"[tool.headgate.prepare] brings the database to {', '.join(sorted(heads))}, so {', '.join(judged)}"
                " cannot be judged.",
                f'Set baseline = "{sorted(heads)[0]}" in [tool.headgate]: what it builds on is then not judged.',
            )
        return [id_ for id_ in move.revisions if id_ not in applied]

    def attributes_for(self, url: str) -> Mapping[str, Any]:
        """Give what a program of the project's would put into `config.attributes`, as a connection.

        Raises:
            HeadgateError: the function is not there.
        """
        if self.attributes is None:
            return {}
        given: Mapping[str, Any] = self._named("attributes", self.attributes)(self.url(url))
        return given

    def call(self, function: Callable[[], None]) -> None:
        """Call a function where env.py can run, as in an application's context or a thread of an event loop's.

        Raises:
            HeadgateError: the function of the project's that is to do so is not there.
        """
        if self.within is None:
            function()
            return
        found = self._named("within", self.within)
        application = _application(found)
        if application is None:
            found(function)
            return
        with application.app_context():
            function()

    def _named(self, setting: str, place: str) -> Callable[..., Any]:
        module, _, name = place.partition(":")
        if str(self.root) not in sys.path:
            sys.path.append(str(self.root))
        try:
            function: Callable[..., Any] = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise HeadgateError(
                f"{setting} in [tool.headgate.prepare] names {place}: {error}.",
                f'Write it as "package.module:function", importable from {self.root}.',
            ) from error
        return function

    def _run_sql(self, url: str) -> None:
        import psycopg

        from headgate.rehearsal.isolation import connect

        with connect(url) as own:
            try:
                own.execute(self.sql.encode())  # one simple query, as psql would send it: no parameters
            except psycopg.Error as error:
                raise HeadgateError(
                    f"sql in [tool.headgate.prepare] does not run: {first_line(error)}",
                    "Correct it; it is run in an empty database before the first revision.",
                ) from error

    def _run_command(self) -> None:
        # Without an activated environment `python` would be another one than the project's.
        words = [sys.executable if word == "python" and not at else word for at, word in enumerate(self.command)]
        shown = " ".join(self.command)
        try:
            done = subprocess.run(words, cwd=self.root, capture_output=True, text=True, errors="replace", check=False)
        except OSError as error:
            raise HeadgateError(
                f"command in [tool.headgate.prepare] cannot be run: {shown}: {error.strerror}.",
                "Name a program that is on PATH, as a list of words.",
            ) from error
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "it printed nothing").splitlines()[-1]
            raise HeadgateError(
                f"command in [tool.headgate.prepare] ended with {done.returncode}: {shown}: {said}",
                f"Run it by hand in {self.root} until it ends with 0.",
            )


@functools.cache
def _application(found: Any) -> Any:
    """A Flask application, also one that is still to be made; `None` for a function that calls the one it is given."""
    if hasattr(found, "app_context"):
        return found
    if any(one.default is one.empty and one.kind in _REQUIRED for one in signature(found).parameters.values()):
        return None
    return found()


_REQUIRED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def _below(script: ScriptDirectory, ids: Iterable[str]) -> set[str]:
    """These ids and all that they build on or depend on."""
    found: set[str] = set()
    pending = list(ids)
    while pending:
        revision = script.get_revision(pending.pop())
        if revision is not None and revision.revision not in found:
            found.add(revision.revision)
            pending.extend(_all(revision.down_revision) + _all(revision.dependencies))
    return found


def _all(ids: str | Iterable[str] | None) -> list[str]:
    return [ids] if isinstance(ids, str) else list(ids or ())


def prepared(project: Project) -> Prepared:
    """Give what a project's settings say of how its env.py is run.

    Raises:
        HeadgateError: `sql` names a file that cannot be read.
    """
    config = project.config
    return Prepared(
        folder=project.folder,
        root=config.root.resolve(),
        variable=config.url_variable,
        driver=config.driver,
        variables=config.prepare.variables,
        sql=_sql(config.prepare.sql, config.root),
        command=config.prepare.command,
        attributes=config.prepare.attributes,
        within=config.prepare.within,
        x=config.x,
        database=config.database,
        versions=tuple(str(config.root.resolve() / folder) for folder in config.versions),
    )


def _sql(given: str | None, root: Path) -> str:
    """The SQL itself, or what the file holds that it names."""
    if given is None or any(letter in given for letter in " \n;") or not given.endswith(".sql"):
        return given or ""
    try:
        return (root / given).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HeadgateError(
            f"sql in [tool.headgate.prepare] names {given}, which cannot be read: {error}.",
            "Correct the path, which is relative to the settings, or write the SQL itself.",
        ) from error
