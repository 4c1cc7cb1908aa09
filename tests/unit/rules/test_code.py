"""The repaired code that findings show: Python that runs, with the names as SQL has them."""

from __future__ import annotations

import ast

import pytest

from headgate.catalog.model import Attributes
from headgate.rules._code import constraint, create_index, derived, execute


@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [
        (
            "ix",
            {"of": "entries", "method": "btree", "definition": "(user_id, title)"},
            'op.create_index("ix", "entries", ["user_id", "title"], postgresql_concurrently=True)',
        ),
        (
            "ix",
            {"of": "entries", "method": "btree", "definition": "(title)", "unique": True},
            'op.create_index("ix", "entries", ["title"], unique=True, postgresql_concurrently=True)',
        ),
        (
            "ix",
            {"of": "entries", "method": "btree", "definition": "(lower(title), id DESC)"},
            'op.execute("CREATE INDEX CONCURRENTLY ix ON entries USING btree (lower(title), id DESC)")',
        ),
        (
            "s.ix",
            {"of": "s.entries", "method": "gin", "definition": "(tags) WHERE (id > 5)"},
            'op.execute("CREATE INDEX CONCURRENTLY ix ON s.entries USING gin (tags) WHERE (id > 5)")',
        ),
        (
            '"My ix"',
            {"of": '"Entries"', "method": "btree", "definition": '("Title")', "unique": True},
            """op.execute('CREATE UNIQUE INDEX CONCURRENTLY "My ix" ON "Entries" USING btree ("Title")')""",
        ),
    ],
    ids=["columns", "unique", "expression and order", "schema, method and condition", "quoted"],
)
def test_an_index_is_repaired_in_the_shortest_form_that_says_all_of_it(
    name: str, attributes: Attributes, expected: str
) -> None:
    """What op.create_index would spell otherwise than SQL is left to SQL; losing a condition would be another index."""
    assert create_index(name, attributes) == expected
    ast.parse(expected)


def test_a_constraint_keeps_what_stands_behind_its_definition() -> None:
    """A deferrable constraint that is repaired into one that is not would fail elsewhere."""
    attributes: Attributes = {"of": "a", "definition": "FOREIGN KEY (b) REFERENCES b(id)", "deferrable": "deferrable"}
    assert constraint("fk on a", attributes, "NOT VALID") == (
        "ALTER TABLE a ADD CONSTRAINT fk FOREIGN KEY (b) REFERENCES b(id) DEFERRABLE NOT VALID"
    )


@pytest.mark.parametrize("sql", ["SELECT 'a'", 'SELECT "a"', "SELECT 'a' AS \"b\"", "SELECT E'\\n'", "SELECT\n1"])
def test_a_statement_is_quoted_so_that_python_reads_it_back(sql: str) -> None:
    """A user copies the line as it stands."""
    (call,) = ast.parse(execute(sql)).body
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert ast.literal_eval(call.value.args[0]) == sql


@pytest.mark.parametrize(
    ("names", "made"),
    [
        (("entries", "bound"), "entries_bound"),
        (("app.entries", "title", "set"), "entries_title_set"),
        (('"S s"."Ö 1"', "bound"), '"Ö 1_bound"'),
        (('"a ""b"""', "set"), '"a ""b""_set"'),
    ],
)
def test_a_name_made_of_others_is_quoted_where_it_must_be(names: tuple[str, ...], made: str) -> None:
    """A repair is copied; it must not stop at its own syntax."""
    assert derived(*names) == made
