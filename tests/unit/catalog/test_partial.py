"""`headgate.catalog.partial`: what a statement cannot have changed is not read again, and nothing else is left out."""

from __future__ import annotations

import pytest

from headgate.catalog.difference import Difference
from headgate.catalog.model import Catalog
from headgate.catalog.partial import changed, renames, spliced, written

NEW_INDEX = {"pg_class": (1, 0, 0), "pg_attribute": (2, 0, 0), "pg_index": (1, 0, 0), "pg_depend": (3, 0, 0)}


@pytest.mark.parametrize(
    ("writes", "locked", "families"),
    [
        ({}, None, set()),
        ({"pg_statistic": (9, 0, 0)}, None, set()),
        ({"pg_enum": (1, 0, 0), "pg_depend": (0, 0, 0)}, None, {"types"}),
        (NEW_INDEX, None, {"indexes"}),
        ({**NEW_INDEX, "pg_class": (2, 0, 0)}, {"table"}, {"tables", "columns", "constraints", "indexes"}),
        ({"pg_class": (0, 1, 0), "pg_attribute": (1, 0, 0)}, {"table"}, {"tables", "columns"}),
        ({"pg_class": (0, 1, 0)}, {"table", "index"}, {"tables", "indexes", "constraints"}),
        ({"pg_class": (0, 1, 0)}, None, {"tables", "sequences", "constraints", "indexes"}),
        ({"pg_depend": (1, 0, 0)}, None, None),
        ({"pg_namespace": (1, 0, 0)}, None, None),
        ({"pg_class": (1, 0, 0), "pg_description": (1, 0, 0)}, {"table"}, None),
    ],
)
def test_what_was_written_says_what_is_read_again(
    writes: dict[str, tuple[int, int, int]], locked: set[str] | None, families: set[str] | None
) -> None:
    """A catalog that nothing is known of has everything read, for a difference that is missed is a wrong verdict."""
    assert changed(writes, locked) == families


def test_what_was_written_is_counted_from_the_last_time() -> None:
    """The server counts from the beginning of the transaction."""
    assert written({"pg_class": (1, 2, 0)}, {"pg_class": (1, 3, 1), "pg_type": (1, 0, 0)}) == {
        "pg_class": (0, 1, 1),
        "pg_type": (1, 0, 0),
    }


def test_a_part_takes_the_place_of_what_it_is_a_part_of() -> None:
    """What was dropped is gone, and what belongs to other relations stays."""
    known = Catalog(
        {
            ("table", "a"): {},
            ("table", "b"): {},
            ("table", "gone"): {},
            ("index", "ix_a"): {"of": "a"},
            ("index", "ix_b"): {"of": "b"},
            ("index", "ix_gone"): {"of": "gone"},
            ("trigger", "t on a"): {"of": "a"},
            ("enum", "mood"): {},
        }
    )
    part = Catalog({("read", "a"): {}, ("table", "a"): {"owner": "me"}, ("index", "new"): {"of": "a"}})

    assert spliced(known, part, ["tables", "indexes"], ["a", "gone"]).objects == {
        ("table", "a"): {"owner": "me"},
        ("table", "b"): {},
        ("index", "new"): {"of": "a"},
        ("index", "ix_b"): {"of": "b"},
        ("trigger", "t on a"): {"of": "a"},
        ("enum", "mood"): {},
    }


def test_a_family_that_was_read_whole_is_replaced_whole() -> None:
    """No relation limits it."""
    known = Catalog({("enum", "old"): {}, ("table", "a"): {}})

    assert set(spliced(known, Catalog({("enum", "new"): {}}), ["types"])) == {("enum", "new"), ("table", "a")}


@pytest.mark.parametrize(
    ("kinds", "renamed"),
    [
        ([("table", "added"), ("table", "removed")], True),
        ([("column", "added"), ("function", "removed")], True),
        ([("column", "added"), ("column", "added")], False),
        ([("index", "added"), ("index", "removed")], False),
    ],
)
def test_a_new_name_is_one_that_others_quote(kinds: list[tuple[str, str]], renamed: bool) -> None:
    """An index's stands in no other definition; a column's may stand in any."""
    assert renames(Difference(kind, str(number), change) for number, (kind, change) in enumerate(kinds)) is renamed  # type: ignore[arg-type]
