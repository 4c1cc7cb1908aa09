"""`headgate.revisions.order`: which heads are meant to stay apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.revisions import order
from headgate.revisions.file import RevisionFile


def _files(*lines: tuple[str, tuple[str, ...], tuple[str, ...]]) -> dict[str, RevisionFile]:
    return {id_: RevisionFile(Path(id_), "", id_, parents, (), labels, {}) for id_, parents, labels in lines}


@pytest.mark.parametrize(
    ("lines", "apart"),
    [
        ([("a", (), ()), ("b", ("a",), ())], True),
        ([("a", (), ()), ("b", (), ())], True),
        ([("a", (), ()), ("b", ("a",), ()), ("c", ("a",), ())], False),
        ([("a", (), ()), ("b", ("a",), ("shop",)), ("c", ("a",), ("logs",))], True),
        ([("a", (), ()), ("b", ("a",), ("shop",)), ("c", ("a",), ())], False),
        ([("a", (), ("shop",)), ("b", ("a",), ()), ("c", ("a",), ())], False),
        ([("a", (), ()), ("b", (), ()), ("c", ("b",), ()), ("d", ("b",), ())], False),
    ],
    ids=["one head", "two roots", "a fork", "two labels", "one label", "a label below", "a fork beside a root"],
)
def test_heads_are_meant_to_stay_apart_by_their_roots_or_labels(
    lines: list[tuple[str, tuple[str, ...], tuple[str, ...]]], apart: bool
) -> None:
    """Two features that were merged at once are a mistake; two applications in one history are not."""
    files = _files(*lines)
    assert order.apart(files, order.tips(files)) is apart


def test_the_heads_before_a_change_are_those_without_its_revisions() -> None:
    """A change is not blamed for a fork that was there."""
    files = _files(("a", (), ()), ("b", ("a",), ()), ("c", ("a",), ()), ("d", ("c",), ()))
    assert order.tips(files) == ["b", "d"]
    assert order.tips(files, without=["d"]) == ["b", "c"]
    assert order.tips(files, without=["c", "d"]) == ["b"]
