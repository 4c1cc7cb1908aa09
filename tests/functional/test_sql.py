"""`migrate.sql`: each statement of a revision, with what PostgreSQL did when it ran on tables that have rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.functional.conftest import Terminal, error
from tests.projects import FIRST, REVISIONS, SECOND, THIRD, Made, make_project, revision

CONSTRAIN = revision(
    THIRD,
    SECOND,
    """
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.alter_column("entries", "id", type_=sa.BigInteger())
    op.create_index("ix_entries_note", "entries", ["note"])
    with op.get_context().autocommit_block():
        op.create_index("ix_entries_id", "entries", ["id"], postgresql_concurrently=True)
    """,
)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A project whose newest revision rewrites a table, locks it for a scan, and builds an index as one should."""
    return make_project(tmp_path / "shop", {**REVISIONS, f"{THIRD}_constrain.py": CONSTRAIN})


def test_each_statement_stands_with_what_it_did(made: Made, terminal: Terminal) -> None:
    """The text of a statement says neither how long it locks nor what it reads; the server does."""
    place = f"alembic/versions/{THIRD}_constrain.py"
    said = terminal.type(made.root, "migrate.sql", "--rows", "500")
    assert said.err == ""
    assert said.code == 0
    assert said.out == (
        f"{place}:16\n"
        "  SET LOCAL lock_timeout = '2s'\n"
        "      runs      in transaction 1, lock_timeout 2,000 ms\n"
        "\n"
        f"{place}:17\n"
        "  ALTER TABLE entries ALTER COLUMN id TYPE BIGINT\n"
        "      runs      in transaction 1, lock_timeout 2,000 ms\n"
        "      locks     ACCESS EXCLUSIVE on entries; SELECT, INSERT, UPDATE, DELETE wait\n"
        "      rewrites  entries, 500 rows\n"
        "      reads     1,000 rows of entries, which has 500\n"
        "\n"
        f"{place}:18\n"
        "  CREATE INDEX ix_entries_note ON entries (note)\n"
        "      runs      in transaction 1, lock_timeout 2,000 ms\n"
        "      builds    ix_entries_note on entries\n"
        "      reads     500 rows of entries, which has 500\n"
        "\n"
        f"{place}:20\n"
        "  CREATE INDEX CONCURRENTLY ix_entries_id ON entries (id)\n"
        "      runs      in no transaction, no lock_timeout\n"
        "      locks     SHARE UPDATE EXCLUSIVE on entries\n"
        "      builds    ix_entries_id on entries\n"
        "      reads     1,000 rows of entries, which has 500\n"
        "\n"
        f"{THIRD}: 4 statements, 500 rows a table, PostgreSQL 18.4.\n"
    )


def test_a_machine_gets_the_whole_trace(made: Made, terminal: Terminal) -> None:
    """What the terminal leaves out, such as the locks of earlier statements, is in the document."""
    said = terminal.type(made.root, "migrate.sql", "--json")
    document = json.loads(said.out)
    statements = document["trace"]["statements"]
    held = {(lock["relation"], lock["mode"]) for lock in statements[2]["held"]}
    assert document["trace"]["rows"] == {"entries": 1000}
    assert ("entries", "ACCESS EXCLUSIVE") in held
    assert [statement["concurrent"] for statement in statements] == [False, False, False, True]


def test_a_failure_on_rows_is_shown_with_its_statement(tmp_path: Path, terminal: Terminal) -> None:
    """On an empty table this one passes, which is how it reaches production."""
    broken = revision(THIRD, SECOND, 'op.alter_column("entries", "note", nullable=False)')
    made = make_project(tmp_path / "shop", {**REVISIONS, f"{THIRD}_require.py": broken})
    said = terminal.type(made.root, "migrate.sql")
    assert said.code == 1
    assert "ALTER TABLE entries ALTER COLUMN note SET NOT NULL\n      fails     23502\n" in said.out
    assert said.out.endswith('It fails: column "note" of relation "entries" contains null values\n')


def test_a_revision_that_is_not_there_is_said(made: Made, terminal: Terminal) -> None:
    """The id is the user's word; the head is what they can go on from."""
    said = terminal.type(made.root, "migrate.sql", "--revision", "abc")
    assert (said.code, said.err) == (
        2,
        error("There is no revision abc.", f"Give the id of one; the head is {THIRD}."),
    )


def test_an_earlier_revision_is_shown_on_the_tables_it_met(made: Made, terminal: Terminal) -> None:
    """Later revisions did not exist when it ran."""
    said = terminal.type(made.root, "migrate.sql", "--revision", FIRST)
    assert said.code == 0
    assert said.out.endswith(f"{FIRST}: 1 statement, 1,000 rows a table, PostgreSQL 18.4.\n")


def test_a_table_is_given_the_rows_of_the_projects_own(tmp_path: Path, terminal: Terminal) -> None:
    """As in the gate: of a table that only the project can fill, nothing would be known otherwise."""
    sealed = """
    op.execute("CREATE TABLE sealed (seal text NOT NULL CHECK (md5(seal) = 'e2eff6c2dafd909df8508f891b385d88'))")
    """
    made = make_project(
        tmp_path / "shop",
        {
            "one.py": revision(FIRST, None, sealed, 'op.drop_table("sealed")'),
            "two.py": revision(SECOND, FIRST, 'op.execute("ALTER TABLE sealed ALTER seal TYPE varchar(9)")'),
        },
    )
    without = terminal.type(made.root, "migrate.sql")
    assert "not rehearsed: sealed has no rows" in without.out

    (made.root / "sealed.sql").write_text("INSERT INTO sealed VALUES ('once')")
    with (made.root / "pyproject.toml").open("a") as settings:
        settings.write('[tool.headgate.given]\nsealed = "sealed.sql"\n')
    said = terminal.type(made.root, "migrate.sql")

    assert said.err == ""
    assert "not rehearsed" not in said.out
    assert "      rewrites  sealed, 1 row\n" in said.out


def test_a_revision_that_takes_too_long_is_given_up(tmp_path: Path, terminal: Terminal) -> None:
    """What its statements did before is not known then; that it does not end is."""
    endless = revision(THIRD, SECOND, 'op.execute("SELECT pg_sleep(600)")')
    made = make_project(tmp_path / "shop", {**REVISIONS, f"{THIRD}_wait.py": endless})
    said = terminal.type(made.root, "migrate.sql", "--timeout", "2")
    assert said.code == 1
    assert said.out == (
        f"{THIRD}: 0 statements, 1,000 rows a table, PostgreSQL 18.4.\nIt fails: not answered within 2 s\n"
    )


def test_a_revision_below_that_does_not_run_is_said(tmp_path: Path, terminal: Terminal) -> None:
    """There is nothing to watch the wanted one on."""
    broken = revision(SECOND, FIRST, 'op.execute("ALTER TABLE nowhere ADD x int")')
    made = make_project(
        tmp_path / "shop",
        {"one.py": REVISIONS[f"{FIRST}_create_entries.py"], "two.py": broken, "three.py": revision(THIRD, SECOND)},
    )
    said = terminal.type(made.root, "migrate.sql")
    assert (said.code, said.err) == (
        2,
        error(
            f'The revisions below {THIRD} do not run: relation "nowhere" does not exist.',
            "Run `inv gate`: it shows the statement and the line.",
        ),
    )
