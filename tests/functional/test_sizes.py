"""`inv db.sizes`, typed as a person types it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.functional.conftest import Said, Terminal, error, rows
from tests.projects import make_project

NEXT = "next  read it and commit it\n"


def test_the_sizes_are_written_and_a_second_run_tells_what_changed(
    terminal: Terminal, tmp_path: Path, url: str
) -> None:
    """The file is reviewed as code is, so it holds neither host nor user, and the run says what is new in it."""
    made = make_project(tmp_path)
    rows(url, "CREATE TABLE users AS SELECT generate_series(1, 12345) AS id")
    rows(url, "CREATE TABLE parts (id int)")
    rows(url, "ANALYZE users")
    version = str(rows(url, "SHOW server_version")[0][0]).split()[0]
    (size,) = rows(url, "SELECT pg_relation_size('users')")[0]
    assert isinstance(size, int)
    first = terminal.type(made.root, "db.sizes", "--from", url)
    written = (made.root / "headgate-sizes.toml").read_text()
    second = terminal.type(made.root, "db.sizes", "--from", url)
    rows(url, "INSERT INTO users SELECT generate_series(1, 2000000)")
    rows(url, "ANALYZE users")
    third = terminal.type(made.root, "db.sizes", "--from", url)

    assert first == Said(
        0,
        f"wrote headgate-sizes.toml: 1 table, PostgreSQL {version}\n  + users: {size // 1024} kB, 12,345 rows\n"
        f"never analyzed, so left out: parts\n{NEXT}",
    )
    assert written == (
        f"# The production tables on {date.today().isoformat()}, as the statistics of PostgreSQL {version} have them.\n"
        "# Written by `inv db.sizes`; tables that are not here count as ones that grow.\n"
        '# Never analyzed, so left out: "parts"\n'
        "\n"
        f'"users" = {{ rows = 12345, bytes = {size} }}\n'
    )
    assert second == Said(
        0,
        f"wrote headgate-sizes.toml: 1 table, PostgreSQL {version}\n  every table is about as large as it was\n"
        f"never analyzed, so left out: parts\n{NEXT}",
    )
    assert f"  ~ users: {size // 1024} kB, 12,345 rows -> " in third.out
    assert third.out.splitlines()[1].endswith(" MB, 2 million rows")


def test_the_settings_say_where_the_file_is(terminal: Terminal, tmp_path: Path, url: str) -> None:
    """It is found from any folder of the project."""
    made = make_project(tmp_path, settings='judge = "all"\nsizes = "alembic/sizes.toml"')

    said = terminal.type(made.versions, "db.sizes", "--from", url)

    assert (said.code, said.out.splitlines()[0].partition(":")[0]) == (0, "wrote alembic/sizes.toml")
    assert (made.root / "alembic" / "sizes.toml").exists()


def test_without_a_url_nothing_is_asked(terminal: Terminal, tmp_path: Path, url: str) -> None:
    """DATABASE_URL is a developer's database, whose tables are small: to take it for production would soften all."""
    made = make_project(tmp_path)

    assert terminal.type(made.root, "db.sizes", DATABASE_URL=url) == Said(
        2,
        "",
        error(
            "The sizes of tables are read from a database that has to be named.",
            "Name it: inv db.sizes --from postgresql://user@host/database; a password may stand in PGPASSWORD or"
            " ~/.pgpass.",
        ),
    )


def test_a_server_that_is_not_there_leaves_the_file_alone(terminal: Terminal, tmp_path: Path) -> None:
    """And its password is in neither of the two lines."""
    made = make_project(tmp_path)
    (made.root / "headgate-sizes.toml").write_text('"users" = { rows = 1, bytes = 2 }\n')

    said = terminal.type(made.root, "db.sizes", "--from", "postgresql://reader:s3cret-word@127.0.0.1:9/shop")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: The sizes of postgresql://reader:***@127.0.0.1:9/shop cannot be read: ")
    assert said.err.endswith(
        ".\n  fix: Correct the URL or wait until the server answers; nothing was read or written.\n"
    )
    assert "s3cret-word" not in said.err
    assert (made.root / "headgate-sizes.toml").read_text() == '"users" = { rows = 1, bytes = 2 }\n'
