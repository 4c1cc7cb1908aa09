"""`headgate.rehearsal.plan`: the Alembic runs that a proof is made of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from headgate.project import Project
from headgate.rehearsal.model import Fill, Move
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


FILL = Fill(10)
UP = [("up", ("b",)), ("down", ("b",)), ("up", ("b",))]


def _said(moves: Iterable[Move | Fill]) -> list[object]:
    return ["fill" if isinstance(move, Fill) else (move.direction, move.revisions) for move in moves]


def _line(tmp_path: Path, *ids: str) -> Project:
    parents = [None, *ids]
    return make_project(
        tmp_path / "p", {f"{id_}.py": revision(id_, up) for id_, up in zip(ids, parents, strict=False)}
    ).find()


def test_tables_are_filled_once_below_a_change_or_before_each_of_several(tmp_path: Path) -> None:
    """What an earlier revision of the same change made is nobody's table yet."""
    project = _line(tmp_path, "a", "b", "c")
    both = [("up", ("c",)), ("down", ("c",)), ("up", ("c",))]

    assert _said(up_down_up(project, ["a"], ["b", "c"], fill=FILL)) == [("up", ("a",)), "fill", *UP, *both]
    assert _said(up_down_up(project, ["a"], ["b", "c"], fill=FILL, each=True)) == [
        ("up", ("a",)),
        "fill",
        *UP,
        "fill",
        *both,
    ]


def test_only_what_is_judged_is_traced(tmp_path: Path) -> None:
    """And of that the first way up and the way down: the second way up says nothing new."""
    moves = up_down_up(_line(tmp_path, "a", "b"), ["a"], ["b"], fill=FILL)
    assert [move.trace for move in moves if isinstance(move, Move)] == [False, True, True, False]


def test_what_builds_on_a_judged_revision_is_applied_after_it(tmp_path: Path) -> None:
    """One of the history may be chosen, with others above it."""
    moves = _said(up_down_up(_line(tmp_path, "a", "b", "c"), ["a", "c"], ["b"]))
    assert moves == [("up", ("a",)), *UP, ("up", ("c",))]


def test_the_last_way_up_is_left_out_where_nobody_asks(tmp_path: Path) -> None:
    """A review does not; what still comes after it does."""
    project = _line(tmp_path, "a", "b", "c")
    assert _said(up_down_up(project, ["a"], ["b", "c"], again=False))[-2:] == [("up", ("c",)), ("down", ("c",))]
    assert _said(up_down_up(project, ["a", "c"], ["b"], again=False))[-2:] == [UP[2], ("up", ("c",))]
