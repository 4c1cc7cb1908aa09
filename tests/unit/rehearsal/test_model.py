"""`headgate.rehearsal.model`: what may be concluded from a step."""

from __future__ import annotations

import pickle

from headgate.catalog import Catalog
from headgate.rehearsal.model import Failure, Move, Step

MOVE = Move("up", ("a",), compare=True)
EMPTY = Catalog({})
TABLE = Catalog({("table", "entries"): {}})


def test_what_a_step_left_is_what_it_changed() -> None:
    """Failed or not: a part of it may have been committed."""
    step = Step(MOVE, 0.1, EMPTY, TABLE, Failure("no"))

    assert [difference.summary for difference in step.left] == ["+ table entries"]
    assert not step.untouched


def test_a_step_is_untouched_only_where_that_was_seen() -> None:
    """Without both catalogs the report must not promise that nothing was changed."""
    assert Step(MOVE, 0.1, TABLE, TABLE).untouched
    assert not Step(MOVE, 0.1, TABLE, None).untouched
    assert Step(MOVE, 0.1, TABLE, None).left == ()


def test_the_order_of_columns_alone_counts_as_untouched() -> None:
    """PostgreSQL has no statement that changes it back."""

    def columns(*names: str) -> Catalog:
        placed = {("column", f"t.{name}"): {"of": "t", "position": place} for place, name in enumerate(names)}
        return Catalog({("table", "t"): {}, **placed})

    assert Step(MOVE, 0.1, columns("a", "b"), columns("b", "a")).untouched


def test_a_step_crosses_a_process_boundary() -> None:
    """It is made in a child."""
    step = Step(MOVE, 0.1, EMPTY, TABLE, Failure("no", sqlstate="42P01"))

    arrived = pickle.loads(pickle.dumps(step))

    assert (arrived.move, arrived.failure, arrived.left) == (step.move, step.failure, step.left)
