"""`headgate.rehearsal.contents`: what a table holds, before and after."""

from __future__ import annotations

from headgate.postgres.scratch import Database
from headgate.rehearsal.contents import Loss, Values, losses, read
from headgate.rehearsal.isolation import connect

TABLES = "SELECT oid FROM pg_class WHERE relname = ANY (%s)"


def _read(database: Database, *statements: str, names: tuple[str, ...] = ("t",)) -> dict[str, dict[str, Values]]:
    with connect(database.url()) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        oids = [oid for (oid,) in connection.execute(TABLES, (list(names),))]
        return dict(read(connection, oids).values())


def test_each_column_is_counted_and_summed_up(database: Database) -> None:
    """NULL is no value, and the order of rows does not matter: an UPDATE moves a row to the end."""
    before = _read(
        database,
        "CREATE TABLE t (id int, note text, at timestamptz, doc json, box box)",
        "INSERT INTO t SELECT g, CASE WHEN g > 1 THEN 'n' || g END, now(), '{}', '(1,1),(0,0)'"
        " FROM generate_series(1, 3) g",
    )
    assert {column: values.present for column, values in before["t"].items()} == {
        "": 3,
        "id": 3,
        "note": 2,
        "at": 3,
        "doc": 3,
        "box": 3,
    }
    assert _read(database, "UPDATE t SET id = id WHERE id = 1") == before
    assert _read(database, "UPDATE t SET note = 'x' WHERE id = 3") != before


def test_names_are_quoted_and_carry_their_schema(database: Database) -> None:
    """They are how a trace and a catalog call the same table."""
    held = _read(
        database,
        "CREATE SCHEMA s",
        'CREATE TABLE s."Wide Table" ("a b" int, "select" int)',
        names=("Wide Table",),
    )
    assert held == {'s."Wide Table"': {"": Values(0, 0), '"a b"': Values(0, 0), '"select"': Values(0, 0)}}


def test_a_table_without_columns_or_without_oid_is_no_trouble(database: Database) -> None:
    """Both are valid; the one may be dropped between two readings."""
    with connect(database.url()) as connection:
        assert read(connection, []) == {}
        assert read(connection, [2_000_000_000]) == {}


def test_losses_are_rows_that_are_gone_and_values_that_are_others() -> None:
    """A table that nobody touched is not there afterwards, and lost nothing."""
    before = {
        "left_alone": {"": Values(3, 0), "a": Values(3, 7)},
        "shorter": {"": Values(3, 0), "a": Values(3, 7)},
        "emptied": {"": Values(3, 0), "a": Values(3, 7), "b": Values(3, 5), "c": Values(0, 0)},
        "gone": {"": Values(2, 0), "a": Values(2, 1)},
    }
    after = {
        "shorter": {"": Values(1, 0), "a": Values(1, 2)},
        "emptied": {"": Values(3, 0), "a": Values(3, 8), "c": Values(0, 0)},
        "gone": {},
    }
    assert list(losses(before, after)) == [
        Loss("shorter", "", 3, 1),
        Loss("emptied", "a", 3, 3),
        Loss("emptied", "b", 3, 0),
        Loss("gone", "", 2, 0),
    ]
    assert [loss.gone for loss in losses(before, after)] == [True, False, True, True]
