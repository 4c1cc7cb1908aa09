"""`headgate.rehearsal.runner`: any env.py, unchanged; and a failure that says where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.postgres.scratch import Database
from headgate.rehearsal.model import Failure, Move, Step
from headgate.rehearsal.run import rehearse
from tests.projects import ENV, FIRST, REVISIONS, SECOND, THIRD, Made, make_project, revision

HISTORY = Move("up", (FIRST, SECOND), frozenset({SECOND}))
UP = Move("up", (THIRD,), frozenset({THIRD}), compare=True)
DOWN = Move("down", (THIRD,), frozenset({SECOND}), compare=True)


def _third(up: str, down: str = "pass", **parts: str) -> dict[str, str]:
    return {**REVISIONS, "third.py": revision(THIRD, SECOND, up, down, **parts)}


def _steps(made: Made, database: Database, *moves: Move) -> tuple[Step, ...]:
    return rehearse(made.find(), moves or (HISTORY, UP), url=database.url()).steps


def _failure(made: Made, database: Database, *moves: Move) -> Failure:
    failure = _steps(made, database, *moves)[-1].failure
    assert failure
    return failure


def _line(made: Made, text: str, name: str = "third.py") -> int:
    lines = (made.versions / name).read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_a_statement_that_fails_is_told_with_its_code_and_its_line(tmp_path: Path, database: Database) -> None:
    """All that a person needs to go to the place, and a machine to tell failures apart."""
    made = make_project(
        tmp_path / "p", _third('op.execute("SELECT 1")\nop.execute("  ALTER TABLE nowhere ADD x int ")')
    )

    assert _failure(made, database) == Failure(
        error='relation "nowhere" does not exist',
        sqlstate="42P01",
        revision=THIRD,
        path=str(made.versions / "third.py"),
        line=_line(made, "nowhere"),
        statement="ALTER TABLE nowhere ADD x int",
    )


def test_an_exception_of_python_is_told_with_its_line_and_no_statement(tmp_path: Path, database: Database) -> None:
    """The last statement did not fail, so it is not named."""
    made = make_project(tmp_path / "p", _third('op.execute("SELECT 1")\n{}["key"]'))

    assert _failure(made, database) == Failure(
        error="KeyError: 'key'",
        revision=THIRD,
        path=str(made.versions / "third.py"),
        line=_line(made, '{}["key"]'),
    )


def test_the_innermost_line_of_the_project_is_named(tmp_path: Path, database: Database) -> None:
    """A helper of the project is where the statement is sent; the libraries below it are not to be corrected."""
    made = make_project(tmp_path / "p", _third("from helpers import add\n\nadd(op)"))
    (made.root / "helpers.py").write_text('def add(op):\n    op.execute("SELEKT")\n')

    failure = _failure(made, database)

    assert (failure.path, failure.line, failure.revision) == (str(made.root / "helpers.py"), 2, THIRD)
    assert failure.error == 'syntax error at or near "SELEKT"'


def test_a_constraint_that_waits_for_the_commit_fails_at_the_commit(tmp_path: Path, database: Database) -> None:
    """The statement before it, the one that moves the version, is not the culprit."""
    up = """
        op.execute("ALTER TABLE entries ADD CONSTRAINT one_note UNIQUE (note) DEFERRABLE INITIALLY DEFERRED")
        op.execute("INSERT INTO entries (note) VALUES ('a'), ('a')")
    """
    failure = _failure(make_project(tmp_path / "p", _third(up)), database)

    assert (failure.sqlstate, failure.statement) == ("23505", "COMMIT")


def test_what_the_server_names_beside_its_message_is_kept(tmp_path: Path, database: Database) -> None:
    """From the table, the column and the constraint follows what must hold before the revision runs."""
    up = """
        op.execute("INSERT INTO entries (note) VALUES ('a'), ('a')")
        op.execute("ALTER TABLE entries ADD CONSTRAINT one_note UNIQUE (note)")
    """
    failure = _failure(make_project(tmp_path / "p", _third(up)), database)

    assert (failure.schema, failure.table, failure.constraint) == ("public", "entries", "one_note")
    assert failure.detail == "Key (note)=(a) is duplicated."
    assert failure.column is None


def test_a_revision_that_does_not_import_is_named(tmp_path: Path, database: Database) -> None:
    """Alembic imports all of them before it runs the first, so the one that runs is another."""
    made = make_project(tmp_path / "p", _third("pass", extra="import no_such_module"))

    failure = _failure(made, database)

    assert (failure.revision, failure.error) == (THIRD, "ModuleNotFoundError: No module named 'no_such_module'")
    assert (failure.path, failure.line) == (str(made.versions / "third.py"), _line(made, "import no_such_module"))


@pytest.mark.parametrize(
    ("line", "error"),
    [("raise RuntimeError('no')", "RuntimeError: no"), ("import sys; sys.exit(3)", "SystemExit: 3")],
)
def test_an_env_py_that_does_not_run_is_no_revisions_fault(
    tmp_path: Path, database: Database, line: str, error: str
) -> None:
    """Not even when it means to end the process."""
    made = make_project(tmp_path / "p", env=f"{line}\n{ENV}")

    assert _failure(made, database, HISTORY) == Failure(error=error, path=str(made.env), line=1)


def test_an_env_py_that_runs_no_migrations_is_a_failure(tmp_path: Path, database: Database) -> None:
    """It ends well, and nothing has happened."""
    made = make_project(tmp_path / "p", env="import os\n")

    assert _failure(made, database, HISTORY).error == "it ended without a call of context.run_migrations()"


def test_a_run_that_loses_its_version_is_a_failure(tmp_path: Path, database: Database) -> None:
    """A statement before configure() begins a transaction that nobody commits; Alembic exits with 0."""
    env = ENV.replace("as connection:", 'as connection:\n    connection.exec_driver_sql("SELECT 1")')
    made = make_project(tmp_path / "p", env=env)

    assert _failure(made, database, HISTORY) == Failure(
        "the run ended without an error, but left the database at nothing instead of"
        f" {SECOND}; env.py or the revision ended the transaction itself",
        revision=SECOND,
    )


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_revision_that_ends_the_transaction_is_a_failure(tmp_path: Path, database: Database, end: str) -> None:
    """Of an env.py whose transaction was begun by itself, what follows is lost, the version included."""
    env = ENV.replace("with context.begin_transaction():", "with connection.begin():").replace("True)", "False)")
    up = f'op.get_bind().get_transaction().{end}()\nop.execute("CREATE TABLE t ()")'
    made = make_project(tmp_path / "p", {"one.py": revision(FIRST, None, up)}, env=env)

    move = Move("up", (FIRST,), frozenset({FIRST}), compare=True)
    step = _steps(made, database, move)[-1]

    assert step.failure
    assert step.untouched


def test_a_revision_that_raises_half_way_leaves_the_schema_as_it_was(tmp_path: Path, database: Database) -> None:
    """PostgreSQL's DDL is transactional, and the report says so only where it was seen."""
    up = 'op.execute("ALTER TABLE entries ADD a int")\nop.execute("CREATE TABLE t ()")\nraise RuntimeError("half-way")'
    step = _steps(make_project(tmp_path / "p", _third(up)), database)[-1]

    assert step.failure
    assert step.untouched
    assert step.left == ()


def test_what_an_autocommit_block_left_is_told(tmp_path: Path, database: Database) -> None:
    """It is committed, so the next attempt stumbles over it."""
    up = """
        with op.get_context().autocommit_block():
            op.create_index("ix_note", "entries", ["note"], postgresql_concurrently=True)
        raise RuntimeError("half-way")
    """
    step = _steps(make_project(tmp_path / "p", _third(up)), database)[-1]

    assert step.failure
    assert not step.untouched
    assert [difference.summary for difference in step.left] == ["+ index ix_note on entries (note)"]


def test_a_connection_that_env_py_never_closes_stops_nothing(tmp_path: Path, database: Database) -> None:
    """The end of the process closes it for Alembic; here the next run would wait for its locks for ever."""
    env = ENV.replace(
        "with create_engine(url, poolclass=pool.NullPool).connect() as connection:",
        "connection = create_engine(url).connect()\nif True:",
    )
    made = make_project(tmp_path / "p", _third('op.execute("ALTER TABLE entries ADD a int")\n1 / 0'), env=env)
    with database.connect() as connection:
        connection.execute(f"ALTER DATABASE \"{database.name}\" SET lock_timeout = '20s'")

    steps = _steps(made, database, Move("up", (), frozenset()), HISTORY, UP)

    assert [step.failure for step in steps[:-1]] == [None, None]
    assert steps[-1].failure
    assert steps[-1].failure.error == "ZeroDivisionError: division by zero"
    assert steps[-1].untouched


def test_the_version_table_may_have_another_name_and_schema(tmp_path: Path, database: Database) -> None:
    """It is found there, and is no part of the schema that is compared."""
    env = ENV.replace("target_metadata=metadata", 'version_table="versions", version_table_schema="ops"')
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA ops")
    made = make_project(tmp_path / "p", env=env)

    first = Move("up", (FIRST,), frozenset({FIRST}), compare=True)
    step = _steps(made, database, first)[-1]

    assert step.failure is None
    assert step.after
    assert not [name for _, name in step.after if name.startswith("ops.")]


def test_each_move_is_told_and_timed(tmp_path: Path, database: Database) -> None:
    """The progress line names the revision that is running."""
    told: list[str] = []
    made = make_project(tmp_path / "p", _third('op.execute("CREATE TABLE t ()")', "op.drop_table('t')"))

    rehearsal = rehearse(made.find(), [HISTORY, UP, DOWN], url=database.url(), on_event=told.append)

    assert told == [f"upgrading to {FIRST}", f"upgrading to {SECOND}", f"upgrading to {THIRD}", f"downgrading {THIRD}"]
    assert all(step.seconds > 0 for step in rehearsal.steps)
    assert [len(step.left) for step in rehearsal.steps] == [0, 1, 1]
