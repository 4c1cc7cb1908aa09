"""What PostgreSQL was observed to do for each measured statement is what its trace says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from headgate.catalog import Catalog, diff, snapshot
from headgate.postgres import scratch
from headgate.postgres.server import Server
from headgate.rehearsal import child
from headgate.rehearsal.trace import Trace
from headgate.rehearsal.tracer import Tracer

CASES = [json.loads(line) for line in (Path(__file__).parent / "data" / "statements.jsonl").read_text().splitlines()]

# What these need came with a later PostgreSQL than the oldest that the tests run on.
SINCE = {"add-generated-virtual-pg18": 18, "fk-not-enforced-pg18": 18}


class Committed:
    """Reads the schema in a session of its own, as the runner does."""

    def __init__(self, database: scratch.Database) -> None:
        self._database = database

    def catalog(self) -> Catalog:
        with self._database.connect() as connection:
            return snapshot(connection)

    def picture(self) -> Catalog:
        return self.catalog()

    def version_table(self) -> tuple[str, str]:
        return ("public", "alembic_version")


def upgrade(connection: psycopg.Connection, statements: list[str]) -> None:
    for statement in statements:
        connection.execute(statement)


def run(
    _emit: child.Emit, database: scratch.Database, rows: dict[str, int], autocommit: bool, statements: list[str]
) -> Trace:
    tracer, found = Tracer(database.name, frozenset({__file__})), list[Trace]()
    tracer.watch()
    with database.connect(autocommit=autocommit) as connection:
        try:
            with tracer.tracing("case", "up", rows, found):
                upgrade(connection, statements)
        except psycopg.Error:
            connection.rollback()
    return found[0]


def fill(connection: psycopg.Connection) -> dict[str, int]:
    """Give every table that is empty rows, all distinct, so that a scan shows; say how many each table has."""
    connection.execute(
        """CREATE FUNCTION pg_temp.fill(filled regclass, number int) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE columns text;
        BEGIN
            SELECT string_agg(CASE WHEN typcategory = 'D' THEN 'now()' ELSE 'n' END || '::text::' ||
                format_type(atttypid, atttypmod), ', ' ORDER BY attnum) INTO columns
            FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
            WHERE attrelid = filled AND attnum > 0 AND NOT attisdropped;
            EXECUTE format('INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT %s FROM generate_series(1, %s) n',
                filled, columns, number);
        END $$"""
    )
    rows = {}
    tables = connection.execute(
        "SELECT oid::regclass::text, relkind FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND oid >= 16384"
    )
    for name, kind in tables.fetchall():
        counted = f"SELECT count(*) FROM {name}"
        if kind != "m" and connection.execute(counted).fetchone() == (0,):
            # The partitions of these cases hold 1 to 8.
            connection.execute("SELECT pg_temp.fill(%s, %s)", [name, 8 if kind == "p" else 1000])
        rows[name] = connection.execute(counted).fetchone()[0]
    return rows


def harm(trace: Trace) -> str:
    """Sum a trace up in the word that the cases are recorded in; to them, TRUNCATE rewrites."""
    if any(statement.error for statement in trace.statements):
        return "fails"
    if any({*statement.rewritten, *statement.truncated} & set(trace.rows) for statement in trace.statements):
        return "rewrite"
    return "scan-under-lock" if any(trace.blocking()) else "none"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_trace_says_what_was_observed(case: dict[str, Any], each_server: Server) -> None:
    """Rules judge by the trace alone: a wrong word in it is a wrong verdict on somebody's revision."""
    statements = [case["sql"]] if isinstance(case["sql"], str) else case["sql"]
    with scratch.database(each_server) as database:
        with database.connect() as connection:
            connection.execute(case["setup"] or "")
            if case["rows"]:
                connection.execute(case["rows"])
            rows = fill(connection)
        trace = child.call(run, database, rows, case["mode"] == "auto", statements)
    if each_server.major < SINCE.get(case["id"], 0):
        assert harm(trace) == "fails"
        return
    assert [statement.sql for statement in trace.statements] == [sql.strip() for sql in statements]
    if case["harm"] is None:
        assert not any(statement.error for statement in trace.statements)
    else:
        assert harm(trace) == case["harm"]


def run_told(
    _emit: child.Emit, database: scratch.Database, autocommit: bool, statements: list[str]
) -> tuple[Trace, Catalog, Catalog]:
    """Give the trace, the schema before it, and the schema that the tracer followed from statement to statement."""
    committed = Committed(database)
    tracer, found, before = Tracer(database.name, frozenset({__file__}), committed), list[Trace](), committed.catalog()
    tracer.watch()
    with database.connect(autocommit=autocommit) as connection:
        try:
            with tracer.tracing("case", "up", {}, found):
                # The last one is no exception: what it made is read before the next.
                upgrade(connection, [*statements, "SELECT 1"])
                followed = tracer.schema
        except psycopg.Error:
            connection.rollback()
            followed = committed.catalog()
    return found[0], before, followed or committed.catalog()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_what_the_statements_made_is_what_was_made(case: dict[str, Any], each_server: Server) -> None:
    """Each is told by the few parts of the catalog that it can have changed; together they must miss nothing."""
    statements = [case["sql"]] if isinstance(case["sql"], str) else case["sql"]
    with scratch.database(each_server) as database:
        with database.connect() as connection:
            connection.execute(case["setup"] or "")
            if case["rows"]:
                connection.execute(case["rows"])
        trace, before, followed = child.call(run_told, database, case["mode"] == "auto", statements)
        after = Committed(database).catalog()
    assert diff(followed, after) == ()
    assert followed == after
    made = [statement.made for statement in trace.statements]
    overall = diff(before, after)
    if len(statements) == 1:
        assert made[0] == overall
    told = {one.name for some in made for one in some}
    for one in overall:
        key = one.kind, one.name
        # A table that is made or dropped is told without its parts.
        whole = (before.objects.get(key) or after.objects.get(key) or {}).get("of")
        assert one.name in told or whole in told
    assert not any(statement.made for statement in trace.statements if statement.error)
