"""The API page against the schema of the code."""

from __future__ import annotations

import sys

import pytest

from headgate.docs import api, sync
from headgate.errors import HeadgateError

SETTINGS = '[tool.headgate.docs]\napi = "docs/API.md"\nschema = "shop.schema:schema"\n'
SCHEMA = "type Entry {\n  id: ID!\n}\n\ntype Query {\n  entries(first: Int! = 10): [Entry!]!\n}\n"
MODULE = """
print("noise at import")
class Schema:
    def as_str(self):
        return {sdl!r}
schema = Schema()
"""


def files(sdl: str) -> dict[str, str]:
    return {"shop/schema.py": MODULE.format(sdl=sdl)}


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        ("type A { a: Int }", "type A { a: Int b: Int }", ["type A has a new field b"]),
        ("type A { a: Int b: Int }", "type A { a: Int }", ["type A has no field b any more"]),
        ("type A { a: Int }", "type A { a: Int! }", ["field a of type A is now Int!, not Int"]),
        ("type A { a: Int }", "type A { a(x: ID!): Int }", ["field a of type A has a new argument x"]),
        ("type A { a(x: Int = 1): Int }", "type A { a(x: Int = 2): Int }", [
            "argument x of field a of type A is now Int = 2, not Int = 1"]),
        ("enum E { X }", "enum E { X Y }", ["enum E has a new value Y"]),
        ("input I { a: Int }", "input I { a: Int b: Int! }", ["input I has a new field b"]),
        ("union U = A", "union U = A | B", ["union U has a new member B"]),
        ("type A { a: Int }", "type A implements B { a: Int }", ["type A has a new interface B"]),
        ("type A { a: Int }", "type A { a: Int @deprecated }", ["field a of type A has a new @deprecated"]),
        ("type A { a: Int }", '"said" type A { a: Int }', ["type A has a new description"]),
        ("scalar S", "scalar S type A { a: Int b(x: Int): Int }", ["type A is new"]),
        ("scalar S type A { a: Int }", "scalar S", ["type A is gone"]),
        ("scalar S", "interface S { a: Int }", ["interface S is new", "scalar S is gone"]),
        ("type A { a: Int b: Int }", "type A { b: Int a: Int }", []),
        ("type A {", "type A { a: Int }", ["the schema in it cannot be read"]),
    ],
)  # fmt: skip
def test_each_change_of_a_schema_is_one_sentence_with_its_names(before, after, sentences):
    """A reader must know what to tell the client's team without comparing two pages; a new type is one change."""
    assert list(api.changes(before, after)) == sentences


def test_a_stale_page_names_the_field_that_it_lacks(make):
    """This is the sentence that the checklist shows, so it is promised word for word."""
    project = make(SETTINGS, files=files(SCHEMA))
    sync.sync(project)
    assert api.judge(project) == ("docs/API.md is current", ())
    grown = SCHEMA.replace("id: ID!", "id: ID!\n  isArchived: Boolean!")
    shown, findings = api.judge(make(SETTINGS, files=files(grown)))
    assert shown == "docs/API.md is stale"
    assert [(finding.rule, finding.message, finding.line) for finding in findings] == [
        ("docs-api-stale", "docs/API.md is stale: type Entry has a new field isArchived", 1)
    ]


def test_sync_leaves_the_words_around_the_schema_alone(make):
    """The page is its author's; only the part between the comments is ours."""
    page = "# API\n\nBefore.\n\n<!-- headgate: schema -->\n\nold\n\n<!-- headgate: end -->\n\nAfter.\n"
    project = make(SETTINGS, files={**files(SCHEMA), "docs/API.md": page})
    assert [path.name for path in sync.sync(project)] == ["API.md"]
    assert sync.sync(project) == ()
    text = (project.config.root / "docs/API.md").read_text()
    assert text == page.replace("old", f"```graphql\n{SCHEMA.strip()}\n```")


def test_a_page_without_the_part_is_stale_and_gets_it(make):
    """An adopter's page that was written by hand is neither passed nor overwritten."""
    project = make(SETTINGS, files={**files(SCHEMA), "docs/API.md": "# API\n"})
    (finding,) = api.judge(project)[1]
    assert finding.message == "docs/API.md is stale: it does not hold the GraphQL schema"
    sync.sync(project)
    assert (project.config.root / "docs/API.md").read_text().startswith("# API\n\n<!-- headgate: schema -->\n")
    assert api.judge(project)[1] == ()


def test_another_order_alone_is_stale_too(make):
    """Two spellings of one schema would make the next diff of the page unreadable."""
    project = make(SETTINGS, files=files(SCHEMA))
    sync.sync(project)
    entry, query = SCHEMA.split("\n\n")
    (finding,) = api.judge(make(SETTINGS, files=files(f"{query}\n\n{entry}")))[1]
    assert finding.message == "docs/API.md is stale: its schema is written in another form"


def test_a_schema_that_does_not_import_is_told_in_two_lines(make):
    """The application's traceback is not the user's business here; its last line is."""
    project = make(SETTINGS, files={"shop/schema.py": "import nothing_of_that_name"})
    with pytest.raises(HeadgateError) as caught:
        api.judge(project)
    assert str(caught.value) == (
        "The GraphQL schema shop.schema:schema cannot be imported:"
        " ModuleNotFoundError: No module named 'nothing_of_that_name'.\n"
        "Correct schema in [tool.headgate.docs], or install what the application imports beside headgate."
    )


def test_without_graphql_core_the_error_names_what_to_install(monkeypatch):
    """It is an optional dependency: only a project with a GraphQL page needs it."""
    monkeypatch.setitem(sys.modules, "graphql", None)
    with pytest.raises(HeadgateError, match="needs graphql-core") as caught:
        list(api.changes("scalar A", "scalar B"))
    assert caught.value.fix == "pip install headgate[graphql]"
