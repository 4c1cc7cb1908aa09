"""`headgate.apply.upgrade`: one revision at a time, and what each did."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import make_url

from headgate.apply.target import find
from headgate.apply.upgrade import Applied, upgrade
from headgate.errors import HeadgateError
from headgate.postgres.scratch import Database
from tests.projects import FIRST, REVISIONS, SECOND, THIRD, Made, revision


def _third(up: str) -> dict[str, str]:
    return {**REVISIONS, "third.py": revision(THIRD, SECOND, up)}


def _stopped(made: Made) -> HeadgateError:
    with pytest.raises(HeadgateError) as caught:
        upgrade(made.find())
    return caught.value


def test_each_revision_is_told_when_it_is_applied(real: Callable[..., Made], database: Database) -> None:
    """With what it made of the schema, in the words of the catalog."""
    project = real().find()
    applied: list[Applied] = []
    told: list[str] = []

    target = upgrade(project, applied.append, told.append)

    assert [(one.revision, [difference.summary for difference in one.made]) for one in applied] == [
        (FIRST, ["+ table entries"]),
        (SECOND, ["+ column entries.note text"]),
    ]
    assert all(one.seconds > 0 for one in applied)
    assert told == [f"upgrading to {FIRST}", f"upgrading to {SECOND}"]
    assert (make_url(target.url), target.heads) == (make_url(database.url()), ())
    assert find(project).heads == (SECOND,)


def test_a_database_at_head_is_left_alone(real: Callable[..., Made]) -> None:
    """The command may be run at every start of a service."""
    project = real().find()
    upgrade(project)
    applied: list[Applied] = []

    upgrade(project, applied.append)

    assert applied == []


def test_branches_and_a_dependency_are_applied(real: Callable[..., Made]) -> None:
    """Two heads are the gate's to refuse; here both are brought up."""

    def table(id_: str, parent: str | None, extra: str = "") -> str:
        return revision(id_, parent, f"op.execute('CREATE TABLE {id_} ()')", extra=extra)

    files = {"a.py": table("a", None), "b.py": table("b", "a"), "c.py": table("c", None, 'depends_on = "b"')}
    project = real(files).find()

    upgrade(project)

    assert find(project).waiting(project) == ()


def test_a_revision_that_raises_half_way_stops_with_place_and_state(real: Callable[..., Made]) -> None:
    """Which file, line and statement; and that the earlier ones are applied and this one left nothing."""
    made = real(_third('op.execute("CREATE TABLE t ()")\nop.execute("ALTER TABLE nowhere\\n  ADD x int")'))

    error = _stopped(made)

    assert error.what == (
        'alembic/versions/third.py, line 17: relation "nowhere" does not exist (42P01).'
        " Statement: ALTER TABLE nowhere ADD x int"
    )
    assert error.fix == (
        f"The database is at {SECOND}, its schema as it was before this revision."
        " Correct the revision and run it again."
    )


def test_what_was_committed_all_the_same_is_told(real: Callable[..., Made]) -> None:
    """An autocommit block does not go back, and the second attempt would fail on it."""
    up = """
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY ix_note ON entries (note)")
        raise RuntimeError("half-way")
    """

    error = _stopped(real(_third(up)))

    assert error.what == "alembic/versions/third.py, line 18: RuntimeError: half-way."
    assert error.fix == (
        f"The database is at {SECOND}, but part of the revision was committed: + index ix_note on entries (note)."
        " Correct the revision and run it again."
    )


def test_a_first_revision_that_fails_leaves_the_database_at_nothing(real: Callable[..., Made]) -> None:
    """There is no id to name."""
    error = _stopped(real({"one.py": revision(FIRST, None, "1 / 0")}))

    assert error.fix.startswith("The database is at nothing (no revision applied), its schema as it was")
