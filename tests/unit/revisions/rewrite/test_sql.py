"""`headgate.revisions.rewrite.sql`: a word in a string, a comment or a name is no keyword."""

from __future__ import annotations

import pytest

from headgate.revisions.rewrite.sql import name_at, starts, statements, value, words


@pytest.mark.parametrize(
    ("sql", "texts"),
    [
        ("CREATE INDEX ix ON t (a)", ["CREATE", "INDEX", "ix", "ON", "t", "(", "a", ")"]),
        ("a -- b ; c\n/* d /* e */ f */ g", ["a", "g"]),
        ("'it''s; --' E'\\'; ' x", ["'it''s; --'", "E", "'\\'; '", "x"]),
        ('"a ""b"" c".d', ['"a ""b"" c"', ".", "d"]),
        ("$$ ; $x$ $$ $x$ ; $$ $x$ y", ["$$ ; $x$ $$", "$x$ ; $$ $x$", "y"]),
        ("SELECT $1", ["SELECT", "$1"]),
        ("tabelle_ä", ["tabelle_ä"]),
        ("'open", ["'open"]),
        ("/* open", []),
    ],
)
def test_words_are_read_as_the_server_reads_them(sql: str, texts: list[str]) -> None:
    """What stands in quotes may say anything."""
    read = words(sql)

    assert [word.text for word in read] == texts
    assert [sql[word.start : word.end] for word in read] == texts


def test_statements_end_at_semicolons_outside_of_everything() -> None:
    """A function's body is full of them."""
    sql = "DO $$ BEGIN; END $$; SELECT ';'; ; CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)"

    assert [one[0].text for one in statements(sql)] == ["DO", "SELECT", "CREATE"]


def test_names_are_read_with_their_schema() -> None:
    """The index of a table in a schema is dropped by both names."""
    read = words('public."My Table" (a)')

    assert name_at(read, 0) == ('public."My Table"', 3)
    assert name_at(read, 3) == ("", 3)
    assert name_at(read, 9) == ("", 9)
    assert (value('"My ""T"""'), value("Entries")) == ('My "T"', "entries")
    assert starts(words("create  unique/* */index"), "CREATE", "UNIQUE", "INDEX")
    assert not starts(words('"CREATE" INDEX'), "CREATE")
