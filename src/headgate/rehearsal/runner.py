"""Drive a project's own env.py, unchanged: up or down, as many revisions in one Alembic run as a move names.

Every move is an Alembic run of its own, as a deployment gives it, so a revision that only passes in the company of
its predecessors is found. For the child process of `child.call`: it listens on SQLAlchemy's classes and stays so.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Mapping, Set
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.catalog import Catalog, snapshot
from headgate.catalog.followed import Followed
from headgate.errors import HeadgateError
from headgate.rehearsal import scripts
from headgate.rehearsal.child import Emit
from headgate.rehearsal.isolation import connect
from headgate.rehearsal.leftovers import end_transactions, in_this_process
from headgate.rehearsal.model import Direction, Failure, Move, Step
from headgate.rehearsal.models import Untouched
from headgate.rehearsal.refusal import refusal
from headgate.revisions.file import read

if TYPE_CHECKING:
    import psycopg
    from alembic.runtime.migration import MigrationContext, MigrationStep
    from alembic.script import ScriptDirectory
    from sqlalchemy import MetaData

    from headgate.rehearsal.prepared import Prepared
    from headgate.rehearsal.watchdog import Watchdog

__all__ = ["Runner"]

_VERSIONS = """
SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'version_num' WHERE c.relname = %s ORDER BY 1
"""
_NAMED = ("schema", "table", "column", "datatype", "constraint", "detail")


class Runner:
    """One database and the env.py that is run against it.

    Args:
        ini: the Alembic ini file.
        section: its section.
        url: the database, as a SQLAlchemy URL.
        emit: is told each revision as it starts.
        prepared: what env.py needs around it; nothing but the ini file's folder by default.
        redirect: whether env.py is handed the URL; `False` where the URL is env.py's own.
    """

    def __init__(
        self, ini: str, section: str, url: str, emit: Emit, prepared: Prepared, *, redirect: bool = True
    ) -> None:
        self.ini, self.section, self.url, self.emit, self.redirect = Path(ini), section, url, emit, redirect
        self.prepared = prepared
        self.context: MigrationContext | None = None
        self.last: Catalog | None = None
        self.own: psycopg.Connection[Any] | None = None
        self.followed: Followed | None = None
        self.pictured = ""
        self.opened: tuple[Any, ScriptDirectory] | None = None
        self.versions = ("public", "alembic_version")
        self.only: tuple[frozenset[str], Mapping[str, scripts.Entry]] | None = None
        self.watchdog: Watchdog | None = None
        self.models: Untouched | None = None
        self.began = self.noting = False
        self.runs = 0
        self.home: str | None = None
        self.left_out: frozenset[str] = frozenset()
        self.current: str | None = None
        self.statement: str | None = None

    def listen(self) -> None:
        """Note each statement as it is sent, so that a failure can name it."""
        from sqlalchemy import Engine, event

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            self.statement = statement

        def note_commit(_connection: Any) -> None:
            self.statement = "COMMIT"  # where a deferred constraint fails

        event.listen(Engine, "before_cursor_execute", note)
        event.listen(Engine, "commit", note_commit)

    def run(self, move: Move) -> Step:
        """Run one move as one Alembic run."""
        from alembic.runtime.environment import EnvironmentContext

        before = (self.last or self.catalog()) if move.compare else None
        self.last = self.current = self.statement = None
        self.began = self.noting = False
        self.runs = 0
        started = time.monotonic()
        failure = None
        try:
            if self.opened is None:
                # Once for all moves: it imports the revisions.
                url = self.prepared.url(self.url) if self.redirect else None
                self.opened = scripts.open_script(self.ini, self.section, url, self.prepared)
                if self.only is not None:
                    scripts.only(self.opened[1], *self.only)
            config, script = self.opened
            if self.redirect:
                config.attributes.update(self.prepared.attributes_for(self.url))

            def steps(heads: Any, context: MigrationContext) -> Iterator[MigrationStep]:
                self.context = context
                self.runs += 1
                self.began = True
                self.models = self.models or Untouched(self._metadata())
                for id_ in self.prepared.waiting(script, move, heads):
                    self.emit(f"{'upgrading to' if move.direction == 'up' else 'downgrading'} {id_}")
                    # At the first call Alembic imports every file; one that fails is known by its path.
                    step = _step(script, move.direction, id_)
                    step.migration_fn = in_this_process(step.migration_fn, self._ended)
                    self.current, self.noting = id_, False
                    yield step
                self.current, self.noting = None, False

            watched = self.watchdog.watching(move, lambda: self.current) if self.watchdog else nullcontext()
            with watched, EnvironmentContext(config, script, fn=steps):
                self.prepared.call(script.run_env)
        except (Exception, SystemExit) as error:
            failure = self._failure(error)
        lost = self._let_go(move)
        seconds = time.monotonic() - started
        self.last = self.catalog() if move.compare else None
        return Step(move, seconds, before, self.last, failure or self._version_failure(move) or lost)

    def _own(self) -> psycopg.Connection[Any]:
        if self.own is None or self.own.closed:
            # One for all snapshots: what reads them is prepared, which saves the planning of it.
            self.own = connect(self.url)
        return self.own

    def catalog(self) -> Catalog:
        """Read the catalog over a connection of our own, so that the run's own state is left alone."""
        own, ignore = self._own(), self.version_table()
        if not self.redirect:
            return snapshot(own, ignore=frozenset({ignore}))
        if self.followed is None or not self.followed.holds(own, ignore):
            self.followed = Followed(own, ignore, self.pictured if ignore == self.versions else "")
        return self.followed.read()

    def _ended(self) -> None:
        self.noting = True

    def picture(self) -> Catalog:
        """Give the catalog while nothing runs."""
        if self.last is None:
            self.last = self.catalog()
        return self.last

    def build_models(self, url: str) -> tuple[Catalog | None, Failure | None]:
        """Build the models' own database with `create_all`, on the extensions that the migrations brought."""
        from headgate.rehearsal import modelled

        metadata = self._metadata()
        if not metadata or self.context is None:
            return None, None
        if self.models:
            self.models.put_back()
        self.statement = None
        try:
            modelled.build(metadata, self.url, url)
            self.left_out = modelled.left_out(self.context.opts, metadata, self.url)
        except Exception as error:
            return None, self._failure(error)
        with connect(url) as own:
            return snapshot(own, ignore=frozenset({self.version_table()})), None

    def _let_go(self, move: Move) -> Failure | None:
        """End what env.py left open, as the end of its process would: its locks would stop the next run for ever.

        An engine that the project keeps has its connection pooled, and that keeps the database from being copied.
        """
        from sqlalchemy.exc import SQLAlchemyError

        connection = self.context.connection if self.context else None
        if connection is not None:
            with suppress(SQLAlchemyError):  # an asynchronous one can only be closed where it was opened
                if not connection.closed:
                    connection.close()
                connection.engine.dispose()
        if not (self.redirect and end_transactions(self._own())):
            return None
        return Failure(
            "a transaction was left open on another connection: what was written in it is lost",
            revision=move.revisions[-1] if move.revisions else None,
        )

    def _metadata(self) -> tuple[MetaData, ...]:
        from sqlalchemy import MetaData

        found = self.context.opts.get("target_metadata") if self.context else None
        parts = found if isinstance(found, (list, tuple)) else (found,)
        return tuple(part for part in parts if isinstance(part, MetaData))  # Alembic itself asks only for autogenerate

    def version_table(self) -> tuple[str, str]:
        """Give the schema and the name of the table that holds the applied ids; `*` where there is one in each."""
        if self.context is None:
            return self.versions
        return (self.home or self.context.version_table_schema or "public", self.context.version_table)

    def _version_failure(self, move: Move) -> Failure | None:
        """A run that ends well but leaves another version behind has lost its work, or did none."""
        if not self.began:
            return Failure("it ended without a call of context.run_migrations()")
        from psycopg import sql

        assert self.context is not None
        name = self.context.version_table
        schemas = [row[0] for row in self._own().execute(_VERSIONS, [name])]
        expected = self.context.version_table_schema or "public"
        # A tenant has one in a schema of its own, and search_path may say where: then there is none where Alembic says.
        self.home = "*" if self.runs > 1 or (schemas and expected not in schemas) else expected
        if move.leaves is None:
            return None
        found: set[str] = set()
        for schema in schemas if self.home == "*" else set(schemas) & {expected}:
            query = sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(schema, name))
            found = {row[0] for row in self._own().execute(query)}
            if found != move.leaves:
                break
        if found == move.leaves:
            return None
        return Failure(
            f"the run ended without an error, but left the database at {_listed(found)} instead of"
            f" {_listed(move.leaves)}; env.py or the revision ended the transaction itself",
            revision=move.revisions[-1] if move.revisions else None,
        )

    def _failure(self, error: BaseException) -> Failure:
        if isinstance(error, HeadgateError):
            raise error
        original = getattr(error, "orig", None) or error
        path, line = None, None
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(frame.filename).is_relative_to(self.prepared.folder) and "site-packages" not in frame.filename:
                path, line = frame.filename, frame.lineno
        if isinstance(original, SyntaxError):
            path, line = original.filename, original.lineno
        from_server = getattr(error, "orig", None) is not None
        told = getattr(error, "statement", None) or self.statement
        noting = self.noting and told != "COMMIT"
        if noting:
            path, line = None, None  # env.py did nothing but ask for the run
        text = " ".join(_without_excerpt(str(original)).split()) or type(original).__name__
        return Failure(
            error=text if from_server else f"{type(original).__name__}: {text}",
            sqlstate=getattr(original, "sqlstate", None) or getattr(original, "pgcode", None),
            revision=self.current or _revision_of(path),
            path=path,
            line=line,
            statement=told.strip() if told and from_server else None,
            noting=noting,
            **_about(error),
        )


def _about(error: BaseException) -> dict[str, Any]:
    """What the server names beside its message, as fields of `Failure`."""
    found = refusal(error)
    return {} if found is None else {name: getattr(found, name) for name in _NAMED}


def _without_excerpt(message: str) -> str:
    """Take out libpq's `LINE 1: …` and the caret below it: the statement is shown whole."""
    kept = [line for line in message.splitlines() if not (line.startswith("LINE ") or line.strip() == "^")]
    return "\n".join(kept)


def _revision_of(path: str | None) -> str | None:
    try:
        file = read(Path(path)) if path else None
    except HeadgateError:
        return None
    return file.id if file else None


def _step(script: ScriptDirectory, direction: Direction, id_: str) -> MigrationStep:
    from alembic.runtime.migration import MigrationStep

    revision = script.get_revision(id_)
    make = MigrationStep.upgrade_from_script if direction == "up" else MigrationStep.downgrade_from_script
    return make(script.revision_map, revision)


def _listed(ids: Set[str]) -> str:
    return ", ".join(sorted(ids)) or "nothing"
