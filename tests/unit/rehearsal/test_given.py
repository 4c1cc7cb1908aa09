"""`headgate.rehearsal.given`: rows of the project's own, from a file or a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from headgate.errors import HeadgateError
from headgate.postgres import scratch
from headgate.postgres.server import Server
from headgate.rehearsal import given
from headgate.rehearsal.model import Fill
from headgate.rehearsal.rollback import prove
from headgate.selection import choose
from tests.projects import FIRST, SECOND, make_project, revision

SEALED = (
    "CREATE TABLE sealed (id int PRIMARY KEY,"
    " seal text NOT NULL CHECK (md5(seal) = 'e2eff6c2dafd909df8508f891b385d88'))"
)
ROW = "INSERT INTO sealed VALUES (1, 'once')"


@pytest.fixture
def new_database(server: Server) -> Iterator[Callable[[], str]]:
    """Makes a scratch database and gives its URL."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(scratch.database(server)).url()


def test_a_file_of_sql_is_read_below_the_root(tmp_path: Path) -> None:
    """It is read once, where the settings are, and not in the process of the project's code."""
    (tmp_path / "sealed.sql").write_text(ROW)

    fill = given.add(Fill(10), {"sealed": "sealed.sql"}, tmp_path)

    assert given.statements(fill) == {"sealed": (ROW,)}


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """With the table that it was to be for."""
    with pytest.raises(HeadgateError, match=r"The rows given for sealed cannot be read from nowhere\.sql"):
        given.add(Fill(10), {"sealed": "nowhere.sql"}, tmp_path)


@pytest.mark.parametrize("source", ["rows.sql", "data/rows.sql"])
def test_what_is_no_function_is_a_file(source: str, tmp_path: Path) -> None:
    """A function has a colon between two names, and a file has not."""
    (tmp_path / source).parent.mkdir(exist_ok=True)
    (tmp_path / source).write_text("")

    assert given.add(Fill(1), {"t": source}, tmp_path).factories == {}
    assert given.add(Fill(1), {"t": "tests.rows:sealed"}, tmp_path).factories == {"t": "tests.rows:sealed"}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("nowhere:rows", "nowhere:rows raised ModuleNotFoundError"),
        ("os:getpid", "os:getpid gives something else than SQL statements"),
        ("os:rows", "os:rows raised AttributeError"),
    ],
)
def test_a_function_that_gives_no_statements_is_said(source: str, why: str) -> None:
    """It is the project's code, so anything may come of it."""
    with pytest.raises(HeadgateError) as caught:
        given.statements(Fill(1, factories={"sealed": source}))

    assert why in caught.value.what


@pytest.mark.parametrize("kind", ["file", "function"])
def test_a_table_that_nobody_can_fill_is_rehearsed_with_given_rows(
    kind: str, tmp_path: Path, new_database: Callable[[], str]
) -> None:
    """What holds for md5 is not to be guessed; the one row that fits shows what the revision does to it."""
    made = make_project(
        tmp_path / "p",
        {
            "1.py": revision(FIRST, None, f"op.execute({SEALED!r})"),
            "2.py": revision(SECOND, FIRST, 'op.execute("UPDATE sealed SET id = 2")'),
        },
    )
    (made.root / "own_rows.py").write_text(f"def sealed():\n    yield {ROW!r}\n")
    (made.root / "sealed.sql").write_text(ROW)
    source = "sealed.sql" if kind == "file" else "own_rows:sealed"
    project = choose(made.find(), revision=SECOND)

    bare = prove(project, new_database, fill=Fill(10), models=False).proofs[0].up
    own = prove(project, new_database, fill=given.add(Fill(10), {"sealed": source}, made.root), models=False)

    assert list(bare.not_filled) == ["sealed"]
    up = own.proofs[0].up
    assert up.not_filled == {}
    assert up.trace
    assert up.trace.rows == {"sealed": 1}
    assert up.trace.statements[0].work[0].updated == 1
