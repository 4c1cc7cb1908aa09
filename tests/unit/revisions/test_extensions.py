"""`headgate.revisions.extensions`: which extensions a history asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.revisions.extensions import created, named
from headgate.revisions.file import read


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("CREATE EXTENSION citext", ["citext"]),
        ('create extension if not exists "uuid-ossp" with schema public;', ["uuid-ossp"]),
        ("CREATE EXTENSION pg_trgm;CREATE EXTENSION hstore;", ["pg_trgm", "hstore"]),
        ("CREATE EXTENSION", []),
        ("DROP EXTENSION citext", []),
    ],
)
def test_the_names_in_a_text_are_found(sql: str, names: list[str]) -> None:
    """They choose the server before anything runs."""
    assert list(created(sql)) == names


def test_a_revision_is_read_as_python(tmp_path: Path) -> None:
    """A comment asks for nothing."""
    path = tmp_path / "a.py"
    path.write_text(
        'revision = "a"\ndown_revision = None\n# CREATE EXTENSION postgis\n\n\n'
        'def upgrade():\n    op.execute("CREATE EXTENSION citext")\n'
    )
    file = read(path)
    assert file is not None
    assert named([file]) == {"citext"}
