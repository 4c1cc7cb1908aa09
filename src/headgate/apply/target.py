"""The real database: the one that env.py connects to when nobody redirects it."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate import redaction
from headgate.errors import HeadgateError
from headgate.project import Project
from headgate.rehearsal import child
from headgate.rehearsal.model import Move, Step
from headgate.rehearsal.prepared import Prepared, prepared
from headgate.rehearsal.runner import Runner
from headgate.rehearsal.scripts import open_script
from headgate.wording import first_line

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

__all__ = ["Target", "apply", "find"]


@dataclass(frozen=True)
class Target:
    """A database and where it stands.

    Args:
        url: as env.py connects to it; never printed but through `redaction.display_url`.
        heads: the ids in its version table.
    """

    url: str
    heads: tuple[str, ...]

    def applied(self, project: Project) -> set[str]:
        """Give the ids of every revision that the database has.

        Raises:
            HeadgateError: the database is at a revision that no file has.
        """
        if unknown := [id_ for id_ in self.heads if id_ not in project.revisions]:
            raise HeadgateError(
                f"The database is at {', '.join(unknown)}, which no file in"
                f" {project.shown(project.version_folders[0])} has; the newest known is {', '.join(project.heads)}.",
                "Check out the code that has it (the database is ahead of this one), or run `inv db.reset` on a"
                " development database.",
            )
        return project.with_ancestors(self.heads)

    def waiting(self, project: Project) -> tuple[str, ...]:
        """Give the ids that an upgrade to head would run, in order."""
        applied = self.applied(project)
        return tuple(id_ for id_ in project.revisions if id_ not in applied)


def find(project: Project) -> Target:
    """Ask env.py which database it connects to, and that database where it stands. Nothing is changed.

    Raises:
        HeadgateError: the database cannot be reached, or env.py does not run.
    """
    config = project.config
    target: Target = child.call(_ask, str(project.ini), config.section, prepared(project))
    redaction.remember(target.url)
    return target


def apply(project: Project, target: Target, moves: Sequence[Move], on_event: child.Emit | None = None) -> list[Step]:
    """Run moves on the real database, one Alembic run each, up to and with the first that fails.

    Args:
        project: the Alembic project.
        target: the database, as `find` gave it.
        moves: what to run.
        on_event: is told each revision as it starts.
    """
    return child.call(
        _apply,
        str(project.ini),
        project.config.section,
        prepared(project),
        target.url,
        tuple(moves),
        on_event=on_event,
    )


def _ask(emit: child.Emit, ini: str, section: str, around: Prepared) -> Target:
    from alembic.runtime.environment import EnvironmentContext
    from sqlalchemy.exc import DBAPIError

    variable = around.variable
    os.chdir(around.folder)
    config, script = open_script(Path(ini), section, None, around)
    found: list[Target] = []

    def ask(heads: Any, context: MigrationContext) -> list[Any]:
        if context.connection is not None:
            if context.dialect.name != "postgresql":
                raise HeadgateError(
                    f"The database that {script.dir}/env.py names is one of {context.dialect.name}, not of PostgreSQL.",
                    f"Name one of PostgreSQL, as in {variable}=postgresql+psycopg://user@host/database.",
                )
            url = context.connection.engine.url.render_as_string(hide_password=False)
            found.append(Target(url, tuple(heads)))
        return []

    try:
        with EnvironmentContext(config, script, fn=ask, dont_mutate=True):
            script.run_env()
    except HeadgateError:
        raise
    except DBAPIError as error:
        raise HeadgateError(
            f"The database that {script.dir}/env.py names cannot be reached: {first_line(error.orig)}",
            "Start the server or correct the URL; nothing was changed.",
        ) from error
    except Exception as error:
        raise HeadgateError(
            f"{script.dir}/env.py does not run: {type(error).__name__}: {' '.join(str(error).split())}",
            f"Correct it, or the ${variable} that it may read, until `alembic current` runs; nothing was changed."
            if os.environ.get(variable)
            else f'Set {variable}, as in {variable}="$(inv db.url)", or correct it until `alembic current` runs.',
        ) from error
    if not found:
        raise HeadgateError(
            f"{script.dir}/env.py opened no connection.",
            "Have it call context.configure(connection=…) and run_migrations().",
        )
    return found[-1]


def _apply(emit: child.Emit, ini: str, section: str, around: Prepared, url: str, moves: tuple[Move, ...]) -> list[Step]:
    import psycopg

    # On an interrupt psycopg cancels the statement, which would go on without us and hold its locks:
    # https://www.psycopg.org/psycopg3/docs/advanced/async.html#interrupting-async-operations-using-ctrl-c
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    runner = Runner(ini, section, url, emit, around, redirect=False)
    os.chdir(around.folder)
    runner.listen()
    steps: list[Step] = []
    try:
        for move in moves:
            steps.append(runner.run(move))
            if steps[-1].failure:
                break
    except psycopg.OperationalError as error:
        raise HeadgateError(
            f"The database was lost on the way: {first_line(error)}",
            "Wait until it is back; `inv migrate.status` shows where it stands, `inv migrate.up` goes on.",
        ) from error
    return steps
