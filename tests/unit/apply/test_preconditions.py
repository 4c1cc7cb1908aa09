"""`headgate.apply.preconditions`: what a revision declares is asked of the real database before it runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headgate.apply.target import find
from headgate.apply.upgrade import upgrade
from headgate.errors import Exit, HeadgateError
from headgate.postgres.scratch import Database
from tests.projects import FIRST, SECOND, THIRD, Made, revision

USERS = revision(FIRST, None, 'op.execute("CREATE TABLE users (id int PRIMARY KEY, email text)")')
QUERY = "SELECT count(*) FROM users WHERE email IS NULL"
NOT_NULL = 'op.alter_column("users", "email", nullable=False)'


def _declares(id_: str, parent: str, up: str = NOT_NULL, query: str = QUERY) -> str:
    return revision(id_, parent, up, extra=f'preconditions = {{"no NULL in users.email": "{query}"}}\n')


def _with_gaps(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("INSERT INTO users VALUES (1, NULL), (2, NULL), (3, 'a')")


def _applied_first(made: Made, database: Database) -> None:
    """Bring the database to the first revision and put rows into it."""
    later = [path for path in made.versions.iterdir() if path.name != "1.py"]
    kept = {path: path.read_text() for path in later}
    for path in later:
        path.unlink()
    upgrade(made.find())
    for path, text in kept.items():
        path.write_text(text)
    _with_gaps(database)


def _refused(made: Made) -> HeadgateError:
    with pytest.raises(HeadgateError) as caught:
        upgrade(made.find())
    return caught.value


def test_one_that_does_not_hold_refuses_before_anything_is_changed(
    real: Callable[..., Made], database: Database
) -> None:
    """Name, count and query; exit code 1, because the rows are what is to be mended."""
    made = real({"1.py": USERS, "2.py": _declares(SECOND, FIRST)})
    _applied_first(made, database)

    error = _refused(made)

    assert error.what == (
        f'alembic/versions/2.py, line 13: the precondition "no NULL in users.email" does not hold: 2 ({QUERY}).'
    )
    assert error.fix == "Mend the rows that it finds, then run inv migrate.up again; nothing was changed."
    assert error.code is Exit.FINDINGS
    assert find(made.find()).heads == (FIRST,)


def test_one_that_holds_lets_the_revision_run(real: Callable[..., Made], database: Database) -> None:
    """The rows were mended, the same command goes on."""
    made = real({"1.py": USERS, "2.py": _declares(SECOND, FIRST)})
    _applied_first(made, database)
    with database.connect() as connection:
        connection.execute("UPDATE users SET email = '' WHERE email IS NULL")

    upgrade(made.find())

    assert find(made.find()).heads == (SECOND,)


def test_a_later_one_refuses_before_an_earlier_revision_runs(real: Callable[..., Made], database: Database) -> None:
    """The earlier one only adds a column, so it cannot make it true: better nothing than half of a deployment."""
    column = 'op.add_column("users", sa.Column("note", sa.Text()))'
    made = real({"1.py": USERS, "2.py": revision(SECOND, FIRST, column), "3.py": _declares(THIRD, SECOND)})
    _applied_first(made, database)

    assert "does not hold: 2" in _refused(made).what
    assert find(made.find()).heads == (FIRST,)


def test_a_later_one_waits_for_a_revision_that_may_make_it_true(real: Callable[..., Made], database: Database) -> None:
    """The backfill stands in the revision before."""
    backfill = "op.execute(\"UPDATE users SET email = '' WHERE email IS NULL\")"
    made = real({"1.py": USERS, "2.py": revision(SECOND, FIRST, backfill), "3.py": _declares(THIRD, SECOND)})
    _applied_first(made, database)

    upgrade(made.find())

    assert find(made.find()).heads == (THIRD,)


def test_one_about_a_table_that_is_still_to_be_made_is_asked_right_before(real: Callable[..., Made]) -> None:
    """An empty database goes from nothing to head in one command."""
    filled = 'op.execute("INSERT INTO users VALUES (1, NULL)")'
    made = real({"1.py": USERS, "2.py": revision(SECOND, FIRST, filled), "3.py": _declares(THIRD, SECOND)})

    error = _refused(made)

    assert "does not hold: 1" in error.what
    assert error.fix.endswith("2 before it applied, nothing of it was changed.")
    assert find(made.find()).heads == (SECOND,)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT count(*) FROM nowhere", 'cannot be asked: relation "nowhere" does not exist'),
        ("SELECT email FROM users", "cannot be asked: it gives something else than one number"),
        ("WITH gone AS (DELETE FROM users RETURNING 1) SELECT count(*) FROM gone", "cannot be asked: cannot execute"),
    ],
)
def test_one_that_cannot_be_asked_refuses(real: Callable[..., Made], database: Database, query: str, why: str) -> None:
    """Also one that would change rows: asking changes nothing."""
    made = real({"1.py": USERS, "2.py": _declares(SECOND, FIRST, query=query)})
    _applied_first(made, database)

    assert why in _refused(made).what
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (3,)


def test_a_declaration_that_cannot_be_read_refuses(real: Callable[..., Made], database: Database) -> None:
    """A name in place of a text could only be known by running the file."""
    source = revision(SECOND, FIRST, NOT_NULL, extra="preconditions = dict(a=1)\n")
    made = real({"1.py": USERS, "2.py": source})

    assert "preconditions is not a dict of literal texts" in _refused(made).what
