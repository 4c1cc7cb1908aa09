"""A scratch database that a revision is tried on again and again: asked, emptied, cured, put back as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from headgate.catalog.diff import diff
from headgate.rehearsal import given
from headgate.rehearsal.conditions import Condition, conditions
from headgate.rehearsal.fitting import filled, loosened
from headgate.rehearsal.isolation import connect
from headgate.rehearsal.kinship import FOREIGN_KEYS, OTHERS, RELATIONS, TABLES, orphans
from headgate.rehearsal.model import Failure, Fill, Move

if TYPE_CHECKING:
    import psycopg

    from headgate.catalog import Catalog, Difference
    from headgate.rehearsal.runner import Runner

__all__ = ["Answer", "Bench", "saved"]

_ROUNDS = 20
_FILE_COPY = 150000
# A query of ours that takes longer says nothing; a lock that env.py left behind must not hold us up for ever.
_SETTINGS = "SET lock_timeout = '10s'; SET statement_timeout = '60s'"


@dataclass(frozen=True)
class Answer:
    """What a query gave: a number, or why it gave none."""

    answer: int | None
    error: str | None = None


def saved(url: str) -> str:
    """Give the URL of the copy that a bench makes of a database, to put it back as it was."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    return parsed.set(database=f"{parsed.database}_saved").render_as_string(hide_password=False)


# A session that the revision opened for itself, and left open.
_CUT_OFF = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


class Bench:
    """The database of a runner.

    Args:
        runner: what runs revisions on it.
        filled: the rows that it has, or is going to have.
    """

    def __init__(self, runner: Runner, filled: Fill) -> None:
        self._runner = runner
        self._own: psycopg.Connection[Any] | None = None
        self._filled = filled
        self._inhabited = {oid for oid, _, _ in self._tables()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def fill(self, fill: Fill) -> None:
        """Give every table rows."""
        self._inhabited = {oid for oid, _, _ in self._tables()}
        self._filled = fill
        self._fill([self._runner.version_table()])

    def run_empty(self, move: Move) -> bool:
        """Empty all tables, run a revision, and fill those again that were filled before; say whether it passed."""
        with self._connection.transaction():
            self._empty()
        if self.run(move) is not None:
            return False
        made = [(schema, table) for oid, schema, table in self._tables() if oid not in self._inhabited]
        self._fill([self._runner.version_table(), *made])
        return True

    def _fill(self, ignore: Sequence[tuple[str, str]]) -> None:
        from headgate.rehearsal.rows import fill as fill_tables

        fill = self._filled
        filled(
            self._connection,
            loosened(self._connection) if fill.awkward else (),
            lambda: fill_tables(
                self._connection,
                rows=fill.rows,
                awkward=fill.awkward,
                given=given.statements(fill),
                ignore=ignore,
                tell=self._runner.emit,
            ),
        )

    def _tables(self) -> list[tuple[int, str, str]]:
        return self._connection.execute(RELATIONS).fetchall()

    def run(self, move: Move) -> Failure | None:
        """Run a revision and give why it failed."""
        return self._runner.run(move).failure

    def run_undone(self, move: Move, before: Catalog) -> tuple[Failure | None, tuple[str, ...]]:
        """Run a revision that commits on its way, and put the database back as it was when it fails.

        Args:
            move: runs the revision.
            before: the catalog of the database as it is.

        Returns:
            Why it failed, and what it had left in the schema by then.

        `CREATE DATABASE … TEMPLATE` copies the database that one is connected to as long as nobody else is:
        https://www.postgresql.org/docs/current/manage-ag-templatedbs.html
        """
        from psycopg.sql import SQL, Identifier

        strategy = " STRATEGY FILE_COPY" if self._connection.info.server_version >= _FILE_COPY else ""
        copy, drop = SQL("CREATE DATABASE {} TEMPLATE {}" + strategy), SQL("DROP DATABASE {} WITH (FORCE)")
        name = self._connection.info.dbname
        own, other = Identifier(name), Identifier(f"{name}_saved")
        left: tuple[str, ...] = ()
        self._close()
        with connect(self._runner.url) as connection:
            connection.execute(_CUT_OFF)
            connection.execute(copy.format(other, own))
        try:
            failure = self.run(move)
            if failure:
                left = tuple(_left(before, self._runner.catalog()))
                self._close()
                with connect(saved(self._runner.url)) as connection:
                    connection.execute(drop.format(own))
                    connection.execute(copy.format(own, other))
        finally:
            self._connection.execute(drop.format(other))
        return failure, left

    def ask(self, query: str) -> Answer:
        """Run a query that gives one number; nothing that it does stays."""
        import psycopg

        try:
            with self._connection.transaction(force_rollback=True):
                rows = self._connection.execute(query.encode()).fetchmany(2)
        except psycopg.Error as error:
            return Answer(None, error.diag.message_primary or str(error).partition("\n")[0])
        if len(rows) != 1 or len(rows[0]) != 1 or not isinstance(rows[0][0], int) or isinstance(rows[0][0], bool):
            return Answer(None, "it gives something else than one number")
        return Answer(rows[0][0])

    def read_by(self, query: str) -> set[str]:
        """Give the tables that a query reads, as the planner names them, with and without their schema."""
        with self._connection.transaction(force_rollback=True):
            plan = self._connection.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {query}".encode()).fetchall()[0][0]
        return set(_relations(plan))

    def count(self, table: str) -> int:
        """Give the number of rows of a table."""
        return self.ask(f"SELECT count(*) FROM {table}").answer or 0

    def conditions(
        self,
        failure: Failure,
        before: Catalog,
        after: Catalog,
        suspects: Sequence[Difference],
        tame: Fill,
        queries: Sequence[str],
    ) -> tuple[list[Condition], Mapping[str, int]]:
        """Give what may have to hold for a failure not to happen, and what each query gives on ordinary rows.

        The tables are emptied and filled anew for it; all of that is undone.
        """
        import psycopg

        from headgate.rehearsal.rows import fill as fill_tables

        answers: dict[str, int] = {}
        found: list[Condition] = []
        connection = self._connection
        try:
            with connection.transaction(force_rollback=True):
                self._empty()
                connection.execute("SET LOCAL search_path = public")
                with connection.transaction(force_rollback=True):
                    found = conditions(connection, failure, before, after, suspects)
                connection.execute("RESET search_path")
                asked = [one for one in {*queries, *(one.query for one in found)} if self.ask(one).error is None]
                if asked:
                    own = given.statements(tame)
                    ignore = self._others(asked, own)
                    filled(
                        connection,
                        tame.fit,
                        lambda: fill_tables(connection, rows=tame.rows, awkward=False, given=own, ignore=ignore),
                    )
                for query in asked:
                    answer = self.ask(query).answer
                    if answer is not None:
                        answers[query] = answer
        except psycopg.Error:
            return [], {}
        return found, answers

    def _others(self, queries: Sequence[str], own: Iterable[str]) -> list[tuple[str, str]]:
        """The tables that need no rows for some queries to be answered: those that they read need their parents'."""
        read = [name for query in queries for name in self.read_by(query)]
        return [*self._connection.execute(OTHERS, [read, list(own)]).fetchall(), self._runner.version_table()]

    def cure(self, statements: Sequence[str]) -> bool:
        """Delete rows, and those that pointed to them; say whether there were any."""
        import psycopg

        try:
            with self._connection.transaction():
                self._connection.execute("SET LOCAL session_replication_role = replica")
                gone = sum(self._connection.execute(one.encode()).rowcount for one in statements)
                keys = self._connection.execute(FOREIGN_KEYS).fetchall()
                for _ in range(_ROUNDS):
                    left = sum(self._connection.execute(orphans(*key).encode()).rowcount for key in keys)
                    if not left:
                        break
        except psycopg.Error:
            return False
        return gone > 0

    @property
    def _connection(self) -> psycopg.Connection[Any]:
        if self._own is None or self._own.closed:
            self._own = connect(self._runner.url)
            self._own.execute(_SETTINGS)
        return self._own

    def _close(self) -> None:
        for own in (self._own, self._runner.own):
            if own is not None:
                own.close()

    def _empty(self) -> None:
        tables = [row[0] for row in self._connection.execute(TABLES, self._runner.version_table())]
        if tables:
            self._connection.execute(f"TRUNCATE {', '.join(tables)} CASCADE".encode())


def _left(before: Catalog, after: Catalog) -> Iterator[str]:
    for one in diff(before, after):
        valid = after.objects.get((one.kind, one.name), {}).get("valid")
        yield one.summary + (", INVALID" if valid is False else "")


def _relations(plan: Any) -> Iterator[str]:
    if isinstance(plan, list):
        for one in plan:
            yield from _relations(one)
    elif isinstance(plan, dict):
        if name := plan.get("Relation Name"):
            yield name
            yield f"{plan.get('Schema', 'public')}.{name}"
        for value in plan.values():
            yield from _relations(value)
