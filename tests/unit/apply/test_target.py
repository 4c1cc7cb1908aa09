"""`headgate.apply.target`: the database that env.py names, and where it stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import make_url

from headgate import redaction
from headgate.apply.target import apply, find
from headgate.errors import HeadgateError
from headgate.postgres.scratch import Database
from headgate.rehearsal.model import Move
from tests.projects import CREATE, ENV, FIRST, SECOND, Made, revision

UP = Move("up", (FIRST, SECOND), frozenset({SECOND}), compare=True)


def _refused(ask: Callable[[], object]) -> HeadgateError:
    with pytest.raises(HeadgateError) as caught:
        ask()
    return caught.value


def test_an_empty_database_is_at_nothing_and_stays_empty(real: Callable[..., Made], database: Database) -> None:
    """Asking must not change anything, not even by making the version table."""
    project = real().find()

    target = find(project)

    assert (make_url(target.url), target.heads) == (make_url(database.url()), ())
    assert (target.applied(project), target.waiting(project)) == (set(), (FIRST, SECOND))
    with database.connect() as connection:
        assert connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,)


def test_a_database_tells_what_it_has_and_what_waits(real: Callable[..., Made]) -> None:
    """After one of two revisions."""
    project = real().find()
    apply(project, find(project), [Move("up", (FIRST,))])

    target = find(project)

    assert target.heads == (FIRST,)
    assert (target.applied(project), target.waiting(project)) == ({FIRST}, (SECOND,))


def test_what_a_revision_depends_on_does_not_wait(real: Callable[..., Made]) -> None:
    """Alembic keeps one row for both, so a look at the version table alone would run the other branch again."""
    files = {
        "a.py": revision("a", None, 'op.execute("CREATE TABLE a ()")'),
        "b.py": revision("b", None, 'op.execute("CREATE TABLE b ()")', extra='depends_on = "a"'),
    }
    project = real(files).find()
    steps = apply(project, find(project), [Move("up", ("a", "b"))])
    assert steps[0].failure is None

    target = find(project)

    assert target.heads == ("b",)
    assert target.waiting(project) == ()


def test_a_revision_that_no_file_has_is_refused(real: Callable[..., Made], database: Database) -> None:
    """The database is ahead of the files, mostly; what to do depends on whose it is."""
    made = real()
    project = made.find()
    apply(project, find(project), [UP])
    (made.versions / f"{SECOND}_add_note.py").unlink()
    older = made.find()

    error = _refused(lambda: find(older).waiting(older))

    assert (
        error.what
        == f"The database is at {SECOND}, which no file in alembic/versions has; the newest known is {FIRST}."
    )
    assert error.fix == (
        "Check out the code that has it (the database is ahead of this one), or run `inv db.reset` on a"
        " development database."
    )


@pytest.mark.parametrize("place", ["url", "query"])
def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    real: Callable[..., Made], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """libpq's own message has four lines and the host; nobody has to see more."""
    monkeypatch.setattr(redaction, "_secrets", set())
    credentials, query = ("amy:tiger%40zoo@", "") if place == "url" else ("amy@", "?password=tiger%40zoo")
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg://{credentials}127.0.0.1:1/app{query}")
    made = real()

    error = _refused(lambda: find(made.find()))

    assert error.what.startswith(f"The database that {made.env} names cannot be reached: connection failed: ")
    assert "127.0.0.1" in error.what
    assert error.fix == "Start the server or correct the URL; nothing was changed."
    assert "tiger" not in str(error)
    assert "zoo" not in str(error)


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        (ENV.replace('os.environ["DATABASE_URL"]', '"nothing"'), "ArgumentError: Could not parse SQLAlchemy URL"),
    ],
)
def test_an_env_py_that_does_not_run_is_told_with_the_reason(real: Callable[..., Made], env: str, why: str) -> None:
    """The same words as Alembic's last line, and the command that shows the whole."""
    made = real(env=env)

    error = _refused(lambda: find(made.find()))

    assert error.what.startswith(f"{made.env} does not run: {why}")
    assert error.fix == (
        "Correct it, or the $DATABASE_URL that it may read, until `alembic current` runs; nothing was changed."
    )


def test_an_env_py_that_opens_no_connection_is_told(real: Callable[..., Made]) -> None:
    """One that only knows the offline mode."""
    made = real(env="import os\n")

    assert _refused(lambda: find(made.find())).what == f"{made.env} opened no connection."


def test_a_database_of_another_kind_is_refused(real: Callable[..., Made], monkeypatch: pytest.MonkeyPatch) -> None:
    """What headgate says about locks and catalogs holds for PostgreSQL."""
    monkeypatch.setenv("DATABASE_URL", "sqlite://")
    made = real()

    assert _refused(lambda: find(made.find())).what == (
        f"The database that {made.env} names is one of sqlite, not of PostgreSQL."
    )


def test_moves_run_up_to_the_first_that_fails(real: Callable[..., Made]) -> None:
    """On the real database, and each with what it changed."""
    project = real({f"{FIRST}.py": CREATE, f"{SECOND}.py": revision(SECOND, FIRST, "1 / 0")}).find()
    told: list[str] = []
    moves = [Move("up", (id_,), compare=True) for id_ in (FIRST, SECOND, FIRST)]

    steps = apply(project, find(project), moves, told.append)

    assert [bool(step.failure) for step in steps] == [False, True]
    assert [difference.summary for difference in steps[0].left] == ["+ table entries"]
    assert told == [f"upgrading to {FIRST}", f"upgrading to {SECOND}"]
    assert find(project).heads == (FIRST,)


def test_a_connection_that_is_lost_is_told(real: Callable[..., Made]) -> None:
    """The server was stopped, or an administrator ended the session."""
    up = """
        op.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        op.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    """
    project = real({"one.py": revision(FIRST, None, up)}).find()

    error = _refused(lambda: apply(project, find(project), [Move("up", (FIRST,), compare=True)]))

    assert error.what.startswith("The database was lost on the way: ")
    assert error.fix == "Wait until it is back; `inv migrate.status` shows where it stands, `inv migrate.up` goes on."
