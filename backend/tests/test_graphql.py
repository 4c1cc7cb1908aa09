"""The API as a client meets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.src.models import Entry, User
from backend.src.services import entries, tags
from backend.tests.conftest import Graphql, counted

Write = Callable[..., Entry]

PAGE = """
query Page($first: Int!, $after: String) {
  entries(first: $first, after: $after) {
    edges { cursor node { title isArchived author { displayName entryCount } tags { name } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
CREATE_ENTRY = """
mutation Create($userId: ID!, $title: String!) {
  createEntry(userId: $userId, title: $title, visibility: PUBLIC) {
    entry { id title visibility isArchived author { email } }
    userErrors { code field message }
  }
}
"""


def data(answer: dict[str, Any]) -> dict[str, Any]:
    assert "errors" not in answer, answer["errors"]
    inner: dict[str, Any] = answer["data"]
    return inner


def test_a_user_writes_tags_and_archives_an_entry(graphql: Graphql) -> None:
    """The whole way through the API, each step using what the one before gave."""
    user = data(graphql('mutation { createUser(email: "Ada@example.org", displayName: "Ada") { user { id email } } }'))[
        "createUser"
    ]["user"]
    assert user["email"] == "ada@example.org"
    entry = data(graphql(CREATE_ENTRY, userId=user["id"], title="Notes"))["createEntry"]["entry"]
    assert entry == {
        "id": "1",
        "title": "Notes",
        "visibility": "PUBLIC",
        "isArchived": False,
        "author": {"email": "ada@example.org"},
    }
    tagged = data(graphql('mutation { tagEntry(entryId: "1", tag: "Math") { entry { tags { name } } } }'))
    assert tagged["tagEntry"]["entry"]["tags"] == [{"name": "math"}]
    untagged = data(graphql('mutation { untagEntry(entryId: "1", tag: "math") { entry { tags { name } } } }'))
    assert untagged["untagEntry"]["entry"]["tags"] == []
    updated = data(graphql('mutation { updateEntry(entryId: "1", title: "More notes") { entry { title body } } }'))
    assert updated["updateEntry"]["entry"] == {"title": "More notes", "body": ""}
    archived = data(graphql('mutation { archiveEntry(entryId: "1") { entry { isArchived } } }'))
    assert archived["archiveEntry"]["entry"]["isArchived"] is True
    assert data(graphql(PAGE, first=5))["entries"]["edges"] == []
    renamed = data(graphql('mutation { renameUser(userId: "1", displayName: "Ada K.") { user { displayName } } }'))
    assert renamed["renameUser"]["user"]["displayName"] == "Ada K."
    assert data(graphql('mutation { removeEntry(entryId: "1") { id } }'))["removeEntry"]["id"] == "1"
    assert data(graphql('mutation { removeUser(userId: "1") { id } }'))["removeUser"]["id"] == "1"
    assert data(graphql("{ users { edges { node { id } } } tags { name } }")) == {
        "users": {"edges": []},
        "tags": [{"name": "math"}],
    }


def test_a_client_reads_a_list_page_by_page(graphql: Graphql, write: Write) -> None:
    """With nothing but what the page before said."""
    for number in range(5):
        write(str(number))
    seen: list[str] = []
    after: str | None = None
    for expected_more in (True, True, False):
        page = data(graphql(PAGE, first=2, after=after))["entries"]
        seen += [edge["node"]["title"] for edge in page["edges"]]
        assert page["pageInfo"]["hasNextPage"] is expected_more
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        after = page["pageInfo"]["endCursor"]
    assert seen == ["4", "3", "2", "1", "0"]


def test_an_empty_page_has_no_cursor(graphql: Graphql) -> None:
    """So that a client cannot mistake it for a place to go on from."""
    assert data(graphql(PAGE, first=2))["entries"] == {
        "edges": [],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
    }


@pytest.mark.parametrize("rows", [1, 20])
def test_a_list_costs_four_statements_however_long_it_is(
    graphql: Graphql, engine: Engine, session: Session, author: User, write: Write, rows: int
) -> None:
    """One for the entries, one for their authors, one for their tags, one for the authors' counts; never one a row."""
    for number in range(rows):
        entry = write(str(number))
        with session.begin():
            tags.attach(session, entry.id, tag="math")
    with counted(engine) as statements:
        edges = data(graphql(PAGE, first=50))["entries"]["edges"]
    assert len(statements) == 4, statements
    assert [edge["node"]["tags"] for edge in edges] == [[{"name": "math"}]] * rows
    assert edges[0]["node"]["author"] == {"displayName": "Ada", "entryCount": rows}


def test_one_entry_or_user_is_null_when_it_is_not_there(graphql: Graphql, write: Write) -> None:
    """A link that went stale is no failure."""
    write("There")
    answer = data(graphql('{ a: entry(id: "1") { title } b: entry(id: "2") { title } c: user(id: "9") { id } }'))
    assert answer == {"a": {"title": "There"}, "b": None, "c": None}
    assert data(graphql('{ user(id: "1") { displayName entryCount } }'))["user"]["entryCount"] == 1


@pytest.mark.parametrize(
    ("mutation", "error"),
    [
        ('createUser(email: "ada", displayName: "A")', ("INVALID", "email", "This is not an email address.")),
        (
            'createUser(email: "ADA@example.org", displayName: "A")',
            ("CONFLICT", "email", "ada@example.org already belongs to a user."),
        ),
        (
            'createUser(email: "b@example.org", displayName: " ")',
            ("INVALID", "displayName", "A name has 1 to 120 characters."),
        ),
        ('renameUser(userId: "7", displayName: "A")', ("NOT_FOUND", "userId", "There is no such user.")),
        ('removeUser(userId: "-1")', ("INVALID", "userId", "This is not an id.")),
        ('createEntry(userId: "7", title: "A")', ("NOT_FOUND", "userId", "There is no such user.")),
        ('createEntry(userId: "1", title: "")', ("INVALID", "title", "A title has 1 to 200 characters.")),
        (
            'createEntry(userId: "1", title: "A", body: "\\u0000")',
            ("INVALID", "body", "The character U+0000 cannot be stored."),
        ),
        (
            'updateEntry(entryId: "99999999999999999999", title: "A")',
            ("INVALID", "entryId", "This is not an id."),
        ),
        ('archiveEntry(entryId: "7")', ("NOT_FOUND", "entryId", "There is no such entry.")),
        ('removeEntry(entryId: "7")', ("NOT_FOUND", "entryId", "There is no such entry.")),
        ('tagEntry(entryId: "7", tag: "math")', ("NOT_FOUND", "entryId", "There is no such entry.")),
        ('untagEntry(entryId: "7", tag: "")', ("INVALID", "tag", "A tag has 1 to 50 characters.")),
    ],
)
def test_what_cannot_be_done_is_said_in_the_payload(
    graphql: Graphql, author: User, mutation: str, error: tuple[str, str, str]
) -> None:
    """With a code for the client, the field for the form, and a sentence for the person."""
    payload = data(graphql(f"mutation {{ done: {mutation} {{ userErrors {{ code field message }} }} }}"))
    assert payload["done"]["userErrors"] == [dict(zip(("code", "field", "message"), error, strict=True))]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("{ entries(first: 101) { edges { cursor } } }", "INVALID", "first"),
        ('{ entries(after: "x") { edges { cursor } } }', "INVALID", "after"),
        ('{ entries(userId: "x") { edges { cursor } } }', "INVALID", "userId"),
        ('{ entry(id: "x") { title } }', "INVALID", "id"),
    ],
)
def test_a_query_that_makes_no_sense_names_the_argument(
    graphql: Graphql, caplog: pytest.LogCaptureFixture, query: str, code: str, field: str
) -> None:
    """In the extensions, where clients of GraphQL look for it; not in our log, where a failure would drown in it."""
    (error,) = graphql(query)["errors"]
    assert error["extensions"] == {"code": code, "field": field}
    assert caplog.text == ""


def test_a_failure_of_ours_shows_nothing_of_the_inside(
    graphql: Graphql, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The message of a database error holds the statement and its values; it belongs in the log."""

    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("SELECT secret")

    monkeypatch.setattr(entries, "page", broken)
    (error,) = graphql(PAGE, first=5)["errors"]
    assert error["message"] == "Something went wrong on our side."
    assert "SELECT secret" in caplog.text


def test_a_query_that_is_too_deep_or_too_long_is_refused(graphql: Graphql) -> None:
    """Before any of it is run."""
    deep = "{ __typename " + "".join(f"a{n}: user(id: 1) {{ " for n in range(9)) + "id" + " }" * 10
    long = "{ " + " ".join(f"a{n}: tags {{ name }}" for n in range(400)) + " }"
    assert "depth" in graphql(deep)["errors"][0]["message"]
    assert "token" in graphql(long)["errors"][0]["message"].lower()
