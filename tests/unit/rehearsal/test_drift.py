"""`headgate.rehearsal.drift`: the migrations' database against the models', both ways."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from headgate.errors import HeadgateError
from headgate.rehearsal.drift import built, differences
from headgate.rehearsal.model import Rehearsal
from tests.projects import ENV, FIRST, MODELS, REVISIONS, SECOND, THIRD, Made, make_project, revision


def _refused(made: Made) -> HeadgateError:
    with pytest.raises(HeadgateError) as caught, built(made.find()):
        pass
    return caught.value


def test_models_and_migrations_that_agree_differ_in_nothing(tmp_path: Path) -> None:
    """And the migrations' database can be used until the block ends."""
    told: list[str] = []
    with built(make_project(tmp_path / "p").find(), told.append) as databases:
        assert databases.differences == ()
        assert databases.objects == len(databases.rehearsal.models or ()) > 0
        assert databases.server.startswith("18.")
        with psycopg.connect(databases.url.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (SECOND,)
    assert told[-1] == "building the models' database"


def test_both_directions_are_told(tmp_path: Path) -> None:
    """What only the models have is a missing revision; what only the migrations have, a missing model."""
    models = MODELS.replace('sa.Column("note", sa.Text())', 'sa.Column("seen", sa.Boolean())')
    with built(make_project(tmp_path / "p", models=models).find()) as databases:
        assert [difference.sentence() for difference in databases.differences] == [
            "column entries.note is in the migrations, not in the models",
            "column entries.seen is in the models, not in the migrations",
        ]


def test_the_order_of_columns_is_no_drift(tmp_path: Path) -> None:
    """No revision could put it right."""
    models = MODELS.replace(
        'sa.Column("id", sa.Integer(), primary_key=True), sa.Column("note", sa.Text())',
        'sa.Column("note", sa.Text()), sa.Column("id", sa.Integer(), primary_key=True)',
    )
    assert models != MODELS
    with built(make_project(tmp_path / "p", models=models).find()) as databases:
        assert databases.differences == ()


def test_what_a_revision_adds_to_the_models_is_not_theirs(tmp_path: Path) -> None:
    """One of mlflow's has a constraint twice after it, which PostgreSQL refuses."""
    constraint = 'sa.CheckConstraint(entries.c.note != "", name="filled")\n'
    up = 'op.add_column("entries", sa.Column("note", sa.Text(), sa.CheckConstraint("note <> \'\'", name="filled")))'
    second = revision(SECOND, FIRST, up, extra=f"from models import entries\n{constraint}")
    files = {**REVISIONS, f"{SECOND}_add_note.py": second}
    made = make_project(tmp_path / "p", files, models=f"{MODELS}{constraint}")
    with built(made.find()) as databases:
        assert databases.differences == ()


def test_two_heads_are_both_built(tmp_path: Path) -> None:
    """Drift can be told before the heads are joined."""
    side = revision(THIRD, "20261101090000", 'op.create_table("t", sa.Column("x", sa.Integer()))')
    with built(make_project(tmp_path / "p", {**REVISIONS, "side.py": side}).find()) as databases:
        assert [difference.summary for difference in databases.differences] == ["- table t"]


def test_without_both_databases_there_are_no_differences() -> None:
    """The gate asks before it knows whether the run got that far."""
    assert differences(Rehearsal(())) == ()


def test_migrations_that_stop_are_named(tmp_path: Path) -> None:
    """The place is the gate's to show."""
    files = {**REVISIONS, "third.py": revision(THIRD, SECOND, 'op.drop_table("nowhere")')}

    error = _refused(make_project(tmp_path / "p", files))

    assert error.what == (
        f"Models and migrations cannot be compared, because the migrations stop at {THIRD}:"
        ' table "nowhere" does not exist.'
    )
    assert error.fix == "Run `inv gate` in p: it shows the statement and the line."


def test_an_env_py_that_stops_is_named(tmp_path: Path) -> None:
    """No revision is at fault."""
    assert "because the migrations stop at env.py: " in _refused(make_project(tmp_path / "p", env="1 / 0\n")).what


def test_models_that_stop_are_named(tmp_path: Path) -> None:
    """The other half of the comparison."""
    models = MODELS.replace("sa.Text()", "sa.Text(collation='nowhere')")

    assert _refused(make_project(tmp_path / "p", models=models)).what == (
        "Models and migrations cannot be compared, because the models do not build a database:"
        ' collation "nowhere" for encoding "UTF8" does not exist.'
    )


def test_metadata_of_another_kind_is_none(tmp_path: Path) -> None:
    """Dagster's env.py gives classes of its own, which no upgrade looks at."""
    env = ENV.replace("target_metadata=metadata", "target_metadata=[type('Storage', (), {})]")
    assert "no target_metadata" in _refused(make_project(tmp_path / "p", env=env)).what


def test_without_metadata_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    """It must not look like agreement."""
    error = _refused(make_project(tmp_path / "p", models="metadata = None\n"))

    assert error.what == "alembic/env.py gives context.configure no target_metadata."
    assert error.fix == "Give it the models' metadata; without it there is nothing to compare with."
