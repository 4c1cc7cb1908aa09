"""`headgate.rehearsal.roles`: a role that one rehearsal makes is not in the way of the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate import gate
from headgate.postgres.scratch import Database
from headgate.rehearsal.isolation import connect
from headgate.rehearsal.roles import put_aside
from headgate.report.model import Status
from tests.projects import FIRST, SECOND, make_project, revision


def _roles(database: Database) -> set[str]:
    with connect(database.url()) as connection:
        return {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}


@pytest.fixture
def clean(database: Database) -> Iterator[Database]:
    """The tests' own server lives on, so what is made on it goes again."""
    before = _roles(database)
    yield database
    with connect(database.url()) as connection:
        for name in _roles(database) - before:
            connection.execute(f'DROP OWNED BY "{name}"; DROP ROLE "{name}"'.encode())


def test_a_role_gets_another_name_although_something_is_its_own(clean: Database) -> None:
    """It could not be dropped."""
    before = _roles(clean)
    with put_aside(clean.url()), connect(clean.url()) as connection:
        connection.execute("CREATE ROLE reporting; CREATE TABLE t (id int); GRANT SELECT ON t TO reporting")
    (left,) = _roles(clean) - before
    assert left.startswith("headgate_role_")


def test_a_role_that_was_there_keeps_its_name(clean: Database) -> None:
    """Also when the block ends in an error."""
    with connect(clean.url()) as connection:
        connection.execute("CREATE ROLE was_there")
    with pytest.raises(ValueError, match="x"), put_aside(clean.url()):
        raise ValueError("x")
    assert "was_there" in _roles(clean)


def test_a_revision_that_makes_a_role_is_judged_like_any_other(tmp_path: Path) -> None:
    """It runs on ordinary rows, on awkward ones, and its history once more for the models."""
    files = {
        f"{FIRST}_role.py": revision(
            FIRST,
            None,
            """
            op.execute("CREATE ROLE reporting")
            op.create_table("entries", sa.Column("id", sa.BigInteger(), primary_key=True))
            op.execute("GRANT SELECT ON entries TO reporting")
            """,
            """
            op.drop_table("entries")
            op.execute("DROP ROLE reporting")
            """,
        ),
        f"{SECOND}_note.py": revision(
            SECOND, FIRST, 'op.add_column("entries", sa.Column("note", sa.Text()))', 'op.drop_column("entries", "note")'
        ),
    }
    report = gate.run(make_project(tmp_path / "p", files).find(), (gate.heads, gate.upgrade, gate.rules, gate.rollback))
    assert {check.name: check.status for check in report.checks} == dict.fromkeys(
        ("heads", "upgrade", "rules", "rollback"), Status.PASSED
    )
