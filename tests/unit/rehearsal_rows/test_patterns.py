"""Examples of what a regular expression describes."""

from __future__ import annotations

import re

import pytest

from headgate.postgres.server import Server
from headgate.rehearsal.rows.patterns import examples

PATTERNS = [
    r"^[A-Z]{3}-[0-9]{4,8}$", r"^[a-z0-9]+(?:-[a-z0-9]+)*$", r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$",
    r"^\+[1-9][0-9]{6,14}$", r"^(red|green|blue)?$", r"^\d{4}-\d{2}$", r"^[^/]+/[^/]*$", r"^[[:alpha:]_]\w*$", r"^a|b$",
    r"^https?://.+$", r"^[]x]+$", r"^[a\-z]{2}$", r"^\s*\S+\s*$", r"^(a(b(c)))+$", r"^.{3,5}$", r"^x*?y$", r"",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_example_matches(pattern: str, server: Server) -> None:
    """The server is asked in the end; an example that it refuses was in vain."""
    found = examples(pattern, 50)
    assert found
    with server.connect() as connection:
        refused = connection.execute("SELECT text FROM unnest(%s::text[]) AS text WHERE text !~ %s", [found, pattern])
        assert refused.fetchall() == []


def test_there_are_as_many_as_wanted_and_always_the_same() -> None:
    """A unique column needs a thousand, and a finding must not come and go."""
    found = examples("^[A-Z]{3}[0-9]{3}$", 1000)
    assert len(set(found)) == 1000
    assert found == examples("^[A-Z]{3}[0-9]{3}$", 1000)
    assert all(re.fullmatch("[A-Z]{3}[0-9]{3}", text) for text in found)


@pytest.mark.parametrize("pattern", ["(", "[a", "a)", "a{", "a{x}", "\\", "[[:alpha:"])
def test_what_is_not_understood_has_no_examples(pattern: str) -> None:
    """An error here would keep a whole table empty for the want of one value."""
    assert examples(pattern, 5) == []
