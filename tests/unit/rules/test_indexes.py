"""Definitions of the catalog, taken apart."""

from __future__ import annotations

import pytest

from headgate.catalog import Catalog
from headgate.rules._indexes import columns, indexes, referenced


@pytest.mark.parametrize(
    ("definition", "found"),
    [
        ("(a, b)", ("a", "b")),
        ("UNIQUE (a)", ("a",)),
        ("(lower(a), b DESC, c text_pattern_ops)", ("lower(a)", "b", "c")),
        ('("a, ""b""", "c)" DESC)', ('"a, ""b"""', '"c)"')),
        ("((a || ','::text), b) INCLUDE (c)", ("(a || ','::text)", "b")),
        ("FOREIGN KEY (a, b) REFERENCES t(x, y) ON DELETE CASCADE", ("a", "b")),
        ("(COALESCE(a, ')'::text))", ("COALESCE(a, ')'::text)",)),
    ],
)
def test_columns_are_told_from_what_stands_around_them(definition: str, found: tuple[str, ...]) -> None:
    """Names, expressions and texts may hold every sign that takes a list apart."""
    assert columns(definition) == found


def test_a_foreign_key_names_the_table_and_its_columns() -> None:
    """A table may be in another schema, and be called anything."""
    assert referenced('FOREIGN KEY (a) REFERENCES s."t (x)"(id, n) ON DELETE CASCADE') == ('s."t (x)"', ("id", "n"))


def test_keys_and_unique_constraints_count_as_indexes() -> None:
    """A lookup does not ask by which statement its index came."""
    catalog = Catalog(
        {
            ("table", "t"): {},
            ("primary key", "t_pkey on t"): {"of": "t", "definition": "PRIMARY KEY (id)"},
            ("index", "ix"): {"of": "t", "definition": "(a) WHERE (b > 0)", "method": "btree", "valid": False},
            ("check constraint", "c on t"): {"of": "t", "definition": "CHECK ((a > 0))"},
        }
    )
    key, index = indexes(catalog, "t")
    assert (key.name, key.columns, key.unique, key.valid) == ("t_pkey", ("id",), True, True)
    assert (index.columns, index.rest, index.unique, index.valid) == (("a",), " WHERE (b > 0)", False, False)
    assert list(indexes(catalog, "u")) == []
