"""`headgate.apply.downgrade`: back one step, knowing first what it drops."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headgate.apply.downgrade import Loss, Plan, downgrade, plan
from headgate.apply.target import find
from headgate.apply.upgrade import Applied, upgrade
from headgate.errors import HeadgateError
from headgate.postgres.scratch import Database
from tests.projects import FIRST, REVISIONS, SECOND, THIRD, Made, revision


def _at_head(made: Made) -> Made:
    upgrade(made.find())
    return made


def _refused(ask: Callable[[], object]) -> HeadgateError:
    with pytest.raises(HeadgateError) as caught:
        ask()
    return caught.value


def _execute(database: Database, *statements: str) -> None:
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement)


def _summaries(planned: Plan) -> list[str]:
    return [difference.summary for difference in planned.made]


def test_a_plan_counts_what_would_be_lost_and_changes_nothing(real: Callable[..., Made], database: Database) -> None:
    """Values, not rows, of a column: a NULL is no loss."""
    project = _at_head(real()).find()
    _execute(database, "INSERT INTO entries (note) VALUES ('a'), ('b'), (NULL)")

    planned = plan(project, 1)

    assert _summaries(planned) == ["- column entries.note"]
    assert planned.losses == (Loss("column entries.note", 2),)
    assert find(project).heads == (SECOND,)


def test_a_plan_of_several_steps_counts_the_tables_too(real: Callable[..., Made], database: Database) -> None:
    """Newest first."""
    project = _at_head(real()).find()
    _execute(database, "INSERT INTO entries (note) VALUES ('a'), (NULL)")

    planned = plan(project, 2)

    assert [move.revisions for move in planned.moves] == [(SECOND,), (FIRST,)]
    assert planned.losses == (Loss("column entries.note", 1), Loss("table entries", 2))


def test_what_holds_no_data_is_no_loss(real: Callable[..., Made]) -> None:
    """Then nothing has to be asked."""
    planned = plan(_at_head(real()).find(), 2)

    assert planned.losses == ()
    assert len(planned.made) == 2


def test_a_changed_column_is_no_loss(real: Callable[..., Made], database: Database) -> None:
    """Its values stay, or the downgrade fails."""
    up, down = ('op.execute("ALTER TABLE entries ALTER note TYPE ' + kind + '")' for kind in ("varchar(9)", "text"))
    project = _at_head(real({**REVISIONS, "third.py": revision(THIRD, SECOND, up, down)})).find()
    _execute(database, "INSERT INTO entries (note) VALUES ('a')")

    planned = plan(project, 1)

    assert _summaries(planned) == ["~ column entries.note: varchar(9) -> text"]
    assert planned.losses == ()


def test_what_only_exists_between_two_steps_is_no_loss(real: Callable[..., Made]) -> None:
    """One revision made a table and the next dropped it: on the way back it comes and goes, empty."""
    make, drop = 'op.create_table("old", sa.Column("x", sa.Integer()))', 'op.drop_table("old")'
    files = {"one.py": revision(FIRST, None, make, drop), "two.py": revision(SECOND, FIRST, drop, make)}

    planned = plan(_at_head(real(files)).find(), 2)

    assert _summaries(planned) == ["+ table old", "- table old"]
    assert planned.losses == ()


def test_names_that_need_quotes_are_counted(real: Callable[..., Made], database: Database) -> None:
    """And tables in other schemas."""
    up = """
        op.execute('CREATE SCHEMA "Old Data"')
        op.execute('CREATE TABLE "Old Data"."Big.Table" (id int)')
        op.execute('ALTER TABLE entries ADD "a.b ""c" int')
    """
    down = """
        op.execute('DROP SCHEMA "Old Data" CASCADE')
        op.execute('ALTER TABLE entries DROP "a.b ""c"')
    """
    project = _at_head(real({**REVISIONS, "third.py": revision(THIRD, SECOND, up, down)})).find()
    _execute(database, 'INSERT INTO entries ("a.b ""c") VALUES (1)', 'INSERT INTO "Old Data"."Big.Table" VALUES (1)')

    assert {loss.what: loss.rows for loss in plan(project, 1).losses} == {
        'column entries."a.b ""c"': 1,
        'table "Old Data"."Big.Table"': 1,
    }


def test_a_plan_is_carried_out_step_by_step(real: Callable[..., Made]) -> None:
    """Each with what it did, as with an upgrade."""
    project = _at_head(real()).find()
    undone: list[Applied] = []

    downgrade(project, plan(project, 2), undone.append)

    assert [(one.revision, [difference.summary for difference in one.made]) for one in undone] == [
        (SECOND, ["- column entries.note"]),
        (FIRST, ["- table entries"]),
    ]
    assert find(project).heads == ()


def test_a_revision_with_a_dependency_is_taken_back(real: Callable[..., Made]) -> None:
    """The branch that it depends on is applied as before."""

    def table(id_: str, extra: str = "") -> str:
        up, down = f"op.execute('CREATE TABLE {id_} ()')", f"op.execute('DROP TABLE {id_}')"
        return revision(id_, None, up, down, extra=extra)

    project = _at_head(real({"a.py": table("a"), "b.py": table("b", 'depends_on = "a"')})).find()

    planned = plan(project, 1)
    downgrade(project, planned)

    assert _summaries(planned) == ["- table b"]
    assert find(project).heads == ("a",)


def test_a_downgrade_that_fails_is_found_before_anything_is_touched(real: Callable[..., Made]) -> None:
    """It is run on a scratch database first."""
    files = {**REVISIONS, "third.py": revision(THIRD, SECOND, "pass", 'op.drop_table("nowhere")')}
    project = _at_head(real(files)).find()

    error = _refused(lambda: plan(project, 2))

    assert error.what == f'The downgrade of {THIRD} fails on a scratch database: table "nowhere" does not exist'
    assert error.fix == "Correct it first; `inv migrate.rollback` shows where. The database was not touched."
    assert find(project).heads == (THIRD,)


def test_a_downgrade_that_only_fails_on_the_real_rows_says_where_it_stopped(
    real: Callable[..., Made], database: Database
) -> None:
    """The scratch database has none."""
    up = 'op.execute("ALTER TABLE entries ALTER note DROP NOT NULL")'
    down = 'op.execute("ALTER TABLE entries ALTER note SET NOT NULL")'
    files = {**REVISIONS, "third.py": revision(THIRD, SECOND, up, down)}
    project = _at_head(real(files)).find()
    planned = plan(project, 1)
    _execute(database, "INSERT INTO entries (note) VALUES (NULL)")

    error = _refused(lambda: downgrade(project, planned))

    assert error.what == (
        'alembic/versions/third.py, line 20: column "note" of relation "entries" contains null values (23502).'
        " Statement: ALTER TABLE entries ALTER note SET NOT NULL"
    )
    assert error.fix.startswith(f"The database is at {THIRD}, its schema as it was before this revision.")


@pytest.mark.parametrize("steps", [0, -1])
def test_a_number_below_one_is_refused(real: Callable[..., Made], steps: int) -> None:
    """It is no number of steps."""
    error = _refused(lambda: plan(_at_head(real()).find(), steps))

    assert error.what == f"-n {steps} is no number of steps."


def test_more_steps_than_there_are_is_refused(real: Callable[..., Made]) -> None:
    """Going back as far as possible instead would drop more than was meant."""
    error = _refused(lambda: plan(_at_head(real()).find(), 3))

    assert error.what == "The database has 2 revisions, so 3 cannot be taken back."
    assert error.fix == "Give -n 2 or less; `inv migrate.status` shows where it stands."


def test_an_empty_database_has_nothing_to_take_back(real: Callable[..., Made]) -> None:
    """Said as such."""
    assert _refused(lambda: plan(real().find(), 1)).what == "The database has no revision to take back."
