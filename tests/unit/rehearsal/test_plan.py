"""`headgate.rehearsal.plan`: the Alembic runs that a proof is made of."""

from __future__ import annotations

from pathlib import Path

from headgate.rehearsal.model import Move
from headgate.rehearsal.plan import leaves, up_down_up
from tests.projects import make_project, revision

BRANCHES = {
    "root.py": revision("root", None),
    "left.py": revision("left", "root"),
    "right.py": revision("right", "root"),
    "joined.py": revision("joined", ("left", "right")),
}


def test_each_waiting_revision_goes_up_down_and_up_in_runs_of_its_own(tmp_path: Path) -> None:
    """As deployments do it; the history below goes in one run, as it goes into an empty database."""
    files = {f"{id_}.py": revision(id_, parent) for id_, parent in (("a", None), ("b", "a"), ("c", "b"))}
    project = make_project(tmp_path / "p", files).find()

    assert list(up_down_up(project, ["a"], ["b", "c"])) == [
        Move("up", ("a",), frozenset({"a"})),
        Move("up", ("b",), frozenset({"b"}), compare=True),
        Move("down", ("b",), frozenset({"a"}), compare=True),
        Move("up", ("b",), frozenset({"b"}), compare=True),
        Move("up", ("c",), frozenset({"c"}), compare=True),
        Move("down", ("c",), frozenset({"b"}), compare=True),
        Move("up", ("c",), frozenset({"c"}), compare=True),
    ]


def test_an_irreversible_revision_only_goes_up(tmp_path: Path) -> None:
    """Its header says that there is no way back, so none is tried, and what follows builds on it."""
    files = {"a.py": revision("a", None, rollback="irreversible, the rows are gone"), "b.py": revision("b", "a")}
    moves = list(up_down_up(make_project(tmp_path / "p", files).find(), [], ["a", "b"]))

    assert [(move.direction, move.revisions) for move in moves] == [
        ("up", ()),
        ("up", ("a",)),
        ("up", ("b",)),
        ("down", ("b",)),
        ("up", ("b",)),
    ]


def test_the_version_table_holds_a_row_for_each_open_branch(tmp_path: Path) -> None:
    """A merge leaves one of them."""
    project = make_project(tmp_path / "p", BRANCHES).find()

    assert leaves(project, set()) == frozenset()
    assert leaves(project, {"root", "left", "right"}) == {"left", "right"}
    assert leaves(project, {"root", "left", "right", "joined"}) == {"joined"}


def test_with_a_dependency_between_branches_the_rows_cannot_be_said(tmp_path: Path) -> None:
    """Alembic may then fold two rows into one."""
    files = {**BRANCHES, "right.py": revision("right", "root", extra='depends_on = "left"')}
    project = make_project(tmp_path / "p", files).find()

    assert leaves(project, {"root", "left", "right"}) is None
    assert leaves(project, {"root", "left"}) == {"left"}
