"""Differences are told once, in a fixed order, in the user's names."""

from __future__ import annotations

import pytest

from headgate.catalog import Catalog, Difference, Value, diff

Objects = dict[tuple[str, str], dict[str, Value]]

TABLE: Objects = {
    ("table", "t"): {"owner": "app"},
    ("column", "t.a"): {"of": "t", "position": 1, "type": "integer"},
    ("column", "t.b"): {"of": "t", "position": 2, "type": "text"},
    ("index", "ix"): {"of": "t", "method": "btree", "definition": "(a)"},
    ("sequence", "t_a_seq"): {"of": "t", "owned_by": "t.a", "owner": "app", "type": "integer"},
}


def without(*keys: tuple[str, str]) -> Objects:
    return {key: attributes for key, attributes in TABLE.items() if key not in keys}


def differences(before: Objects, after: Objects) -> list[str]:
    return [difference.summary for difference in diff(Catalog(before), Catalog(after))]


def test_a_table_stands_for_all_its_parts() -> None:
    """Twelve lines for one missing table hide the one line about another."""
    assert differences({}, TABLE) == ["+ table t"]
    assert differences(TABLE, {}) == ["- table t"]


def test_a_column_stands_for_the_sequence_that_it_owns() -> None:
    """`serial` is one word, and DROP COLUMN takes the sequence along."""
    assert differences(TABLE, without(("column", "t.a"), ("sequence", "t_a_seq"))) == ["- column t.a"]


def test_only_the_label_of_an_index_is_a_rename() -> None:
    """The same index under another name is one thing to do, ALTER INDEX, not two."""
    other: Objects = {**without(("index", "ix")), ("index", "ix2"): TABLE["index", "ix"]}
    assert differences(TABLE, other) == ["~ index ix: ix -> ix2"]
    changed: Objects = {**without(("index", "ix")), ("index", "ix2"): {**TABLE["index", "ix"], "definition": "(b)"}}
    assert differences(TABLE, changed) == ["- index ix", "+ index ix2 on t (b)"]


def test_two_of_the_same_shape_are_not_taken_for_one() -> None:
    """A pair of duplicate indexes loses one of them: nothing was renamed twice."""
    shape = TABLE["index", "ix"]
    twice: Objects = {**TABLE, ("index", "ix_again"): shape}
    once: Objects = {**without(("index", "ix")), ("index", "ix_new"): shape}
    assert differences(twice, once) == ["~ index ix: ix -> ix_new", "- index ix_again"]


def test_a_column_with_another_name_is_another_column() -> None:
    """A rename cannot be told from a drop and an add, and guessing wrong would hide a loss of data."""
    renamed: Objects = {**without(("column", "t.b")), ("column", "t.c"): TABLE["column", "t.b"]}
    assert differences(TABLE, renamed) == ["- column t.b", "+ column t.c text"]


def test_the_order_of_differences_depends_on_nothing_but_them() -> None:
    """A report that shuffles its lines cannot be compared with yesterday's."""
    backwards = dict(reversed(TABLE.items()))
    changed: Objects = {key: {**attributes, "comment": "new"} for key, attributes in backwards.items()}
    found = diff(Catalog(TABLE), Catalog(changed))
    assert found == diff(Catalog(backwards), Catalog(dict(reversed(changed.items()))))
    assert [d.kind for d in found] == ["table", "column", "column", "index", "sequence"]


def test_equal_catalogs_have_no_difference() -> None:
    """The commonest answer is the cheapest."""
    assert diff(Catalog(TABLE), Catalog(dict(TABLE))) == ()


@pytest.mark.parametrize(
    ("attributes", "described"),
    [
        ({"type": "boolean", "not_null": "NOT NULL", "default": "false"}, "boolean NOT NULL DEFAULT false"),
        ({"type": "character varying(80)", "collation": '"C"'}, 'varchar(80) COLLATE "C"'),
        ({"type": "character(3)"}, "char(3)"),
        ({"type": "timestamp(3) with time zone[]"}, "timestamptz(3)[]"),
        ({"type": "timestamp(3) without time zone"}, "timestamp(3)"),
        ({"type": "time with time zone"}, "timetz"),
        ({"type": "bigint", "identity": "generated always as identity"}, "bigint generated always as identity"),
        (
            {"type": "integer", "generated": "generated always as (b * 2) stored"},
            "integer generated always as (b * 2) stored",
        ),
    ],
)
def test_an_added_column_is_described_as_its_sql(attributes: dict[str, Value], described: str) -> None:
    """The upgrade's report is read by who wrote `sa.Column(...)`, not by who knows `pg_attribute`."""
    after: Objects = {**TABLE, ("column", "t.c"): {"of": "t", "position": 3, **attributes}}
    assert differences(TABLE, after) == [f"+ column t.c {described}"]


def test_the_sides_are_called_what_the_caller_calls_them() -> None:
    """A drift is between models and migrations, an upgrade between before and after."""
    difference = Difference("column", "t.a", "changed", "type", "character varying(80)", "character varying(50)")
    assert difference.sentence() == "column t.a is varchar(80) in the migrations and varchar(50) in the models"
    assert difference.sentence("the database", "the files") == (
        "column t.a is varchar(80) in the database and varchar(50) in the files"
    )
    assert difference.summary == "~ column t.a: varchar(80) -> varchar(50)"


def test_a_long_value_is_cut_to_where_it_differs() -> None:
    """Two pages of function body say nothing; the changed line does."""
    body = "begin\n" + "  perform something_or_other();\n" * 40 + "end"
    difference = Difference("function", "f()", "changed", "body", body, body.replace("();\nend", "(1);\nend"))
    assert difference.sentence() == (
        "function f() runs … something_or_other(); end in the migrations and … something_or_other(1); end in the models"
    )


def test_what_is_added_at_the_end_of_a_long_value_is_shown() -> None:
    """Where one value is the beginning of the other, they differ where it ends."""
    before = "select " + ", ".join(f"column_{n}" for n in range(40))
    difference = Difference("view", "v", "changed", "definition", before, before + ", more")
    assert difference.summary == "~ view v: defined as …column_38, column_39 -> defined as …column_38, column_39, more"


def test_an_attribute_that_no_word_was_found_for_is_still_said() -> None:
    """A new catalog column must not wait for its sentence to be seen."""
    difference = Difference("table", "t", "changed", "some_new_thing", None, 7)
    assert difference.sentence() == "table t has no some new thing in the migrations and some new thing 7 in the models"
