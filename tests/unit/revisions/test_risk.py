"""What a header says of risk and rollback, held against what the server does."""

from __future__ import annotations

import pytest

from headgate.catalog import Difference, diff, snapshot
from headgate.postgres.scratch import Database
from headgate.revisions.risk import risk, rollback

SETUP = """
CREATE TYPE state AS ENUM ('draft', 'done');
CREATE TABLE users (id integer PRIMARY KEY, email text);
CREATE TABLE entries (
    id integer PRIMARY KEY, user_id integer, title varchar(80), note text NOT NULL DEFAULT '', state state,
    CONSTRAINT short CHECK (length(title) < 70)
);
CREATE INDEX ix_entries_title ON entries (title);
"""
EXCLUSIVE = "ACCESS EXCLUSIVE on entries"
MOMENT = f"{EXCLUSIVE} for a moment"
CASES = {
    "a nullable column": (
        "ALTER TABLE entries ADD remark text",
        f"Adds entries.remark: catalog change only; {MOMENT}.",
        "Drops entries.remark: what was written to it is lost.",
    ),
    "two columns in one clause": (
        "ALTER TABLE entries ADD remark text, ADD is_archived boolean NOT NULL DEFAULT false",
        f"Adds entries.is_archived, entries.remark: catalog change only; {MOMENT}.",
        "Drops entries.remark, entries.is_archived: what was written to it is lost.",
    ),
    "a column that must be filled": (
        "ALTER TABLE entries ADD owner text NOT NULL",
        "Adds entries.owner: fails when entries holds a row.",
        "Drops entries.owner: what was written to it is lost.",
    ),
    "a default that may be volatile": (
        "ALTER TABLE entries ADD token uuid NOT NULL DEFAULT gen_random_uuid()",
        f"Adds entries.token: {EXCLUSIVE}, for a moment unless the default is volatile, which rewrites it.",
        "Drops entries.token: what was written to it is lost.",
    ),
    "a stored generated column": (
        "ALTER TABLE entries ADD size integer GENERATED ALWAYS AS (length(title)) STORED",
        "Adds entries.size: rewrites entries under ACCESS EXCLUSIVE: readers wait.",
        "Drops entries.size: what was written to it is lost.",
    ),
    "an identity column": (
        "ALTER TABLE entries ADD number bigint GENERATED ALWAYS AS IDENTITY",
        "Adds entries.number: rewrites entries under ACCESS EXCLUSIVE: readers wait.",
        "Drops entries.number: what was written to it is lost.",
    ),
    "a virtual generated column": (
        "ALTER TABLE entries ADD size integer GENERATED ALWAYS AS (length(title)) VIRTUAL",
        f"Adds entries.size: catalog change only; {MOMENT}.",
        "Drops entries.size: what was written to it is lost.",
    ),
    "a dropped column": (
        "ALTER TABLE entries DROP note",
        f"Drops entries.note: its data is lost; {MOMENT}.",
        "Adds entries.note again: what it held is lost.",
    ),
    "a type": (
        "ALTER TABLE users ALTER email TYPE varchar(200)",
        "Changes the type of users.email: ACCESS EXCLUSIVE on users, for as long as a rewrite takes unless the types "
        "are stored alike.",
        "Changes users.email back to text: a value that does not fit stops it.",
    ),
    "a not null": (
        "ALTER TABLE entries ALTER user_id SET NOT NULL",
        f"Changes the nullability of entries.user_id: reads every row under {EXCLUSIVE}, and fails on a NULL.",
        "Changes the nullability of entries.user_id back.",
    ),
    "a nullable again": (
        "ALTER TABLE entries ALTER note DROP NOT NULL",
        f"Changes the nullability of entries.note: catalog change only; {MOMENT}.",
        "Changes the nullability of entries.note back.",
    ),
    "a default": (
        "ALTER TABLE entries ALTER note DROP DEFAULT",
        f"Changes the default of entries.note: catalog change only; {MOMENT}.",
        "Changes the default of entries.note back.",
    ),
    "an index": (
        "CREATE INDEX ix_user ON entries (user_id)",
        "Builds ix_user: SHARE on entries unless built concurrently: writers wait.",
        "Drops ix_user.",
    ),
    "a unique partial index": (
        "CREATE UNIQUE INDEX ix_user ON entries USING btree (user_id) WHERE title IS NULL",
        "Builds ix_user: SHARE on entries unless built concurrently: writers wait, and it fails on duplicates.",
        "Drops ix_user.",
    ),
    "an index of another method": (
        "CREATE INDEX ix_user ON entries USING hash (user_id)",
        "Builds ix_user: SHARE on entries unless built concurrently: writers wait.",
        "Drops ix_user.",
    ),
    "a dropped index": (
        "DROP INDEX ix_entries_title",
        f"Drops ix_entries_title: {MOMENT}; queries that used it read more.",
        "Adds ix_entries_title again.",
    ),
    "a foreign key": (
        "ALTER TABLE entries ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users",
        "Adds fk on entries: reads every row while writers of both tables wait, unless NOT VALID.",
        "Drops fk on entries.",
    ),
    "a check": (
        "ALTER TABLE entries ADD CONSTRAINT ck CHECK (id > 0)",
        f"Adds ck on entries: reads every row under {EXCLUSIVE}, unless NOT VALID.",
        "Drops ck on entries.",
    ),
    "a unique constraint": (
        "ALTER TABLE entries ADD CONSTRAINT uq UNIQUE (user_id)",
        f"Adds uq on entries: builds its index under {EXCLUSIVE}, and fails on duplicates.",
        "Drops uq on entries.",
    ),
    "a dropped check": (
        "ALTER TABLE entries DROP CONSTRAINT short",
        f"Drops short on entries: {MOMENT}.",
        "Adds short on entries again.",
    ),
    "a table": (
        "CREATE TABLE tags (id integer PRIMARY KEY, name text UNIQUE)",
        "Creates tags: any table that it references is locked for a moment.",
        "Drops tags: what was written to it is lost.",
    ),
    "a dropped table": (
        "DROP TABLE entries",
        "Drops entries: its rows are lost.",
        "Adds entries again: what it held is lost.",
    ),
    "a value of an enum": (
        "ALTER TYPE state ADD VALUE 'gone'",
        "Changes the values of state: code that is running does not know a new value.",
        "Leaves the values of state: PostgreSQL takes no value out of an enum.",
    ),
    "a view": (
        "CREATE VIEW titles AS SELECT title FROM entries",
        "Creates view titles.",
        "Drops titles.",
    ),
    "a function": (
        "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "Creates function one().",
        "Drops one().",
    ),
    "several": (
        "DROP TABLE users; ALTER TABLE entries DROP note",
        f"Drops users: its rows are lost. Drops entries.note: its data is lost; {MOMENT}.",
        "Adds entries.note again, users again: what it held is lost.",
    ),
}
MODES = {"ACCESS EXCLUSIVE": "AccessExclusiveLock", "SHARE": "ShareLock"}


@pytest.mark.parametrize(("statement", "risks", "undone"), CASES.values(), ids=CASES)
def test_the_header_says_what_the_server_does(database: Database, statement: str, risks: str, undone: str) -> None:
    """Golden, and what it says of locks and rewrites is what happened."""
    with database.connect(autocommit=False) as connection:
        connection.execute(SETUP)
        connection.commit()
        before = snapshot(connection)
        file = connection.execute("SELECT pg_relation_filenode('entries')").fetchone()
        connection.commit()
        connection.execute(statement)
        held = connection.execute(
            "SELECT relation::regclass::text, mode FROM pg_locks"
            " WHERE pid = pg_backend_pid() AND locktype = 'relation' AND database <> 0"
        ).fetchall()
        rewritten = connection.execute("SELECT pg_relation_filenode(to_regclass('entries')) <> %s", file).fetchone()
        connection.commit()
        after = snapshot(connection)
    differences = diff(before, after)
    assert (risk(differences), rollback(differences)) == (risks, undone)
    if "rewrites entries" in risks or "catalog change only" in risks:
        assert rewritten == ("rewrites entries" in risks,)
    for name, mode in MODES.items():
        for table in ("entries", "users"):
            if f"{name} on {table}" in risks and f"ACCESS {name} on {table}" not in risks:
                assert (table, mode) in held


def test_nothing_known_is_an_empty_text() -> None:
    """The header then keeps its placeholder, which the rule flags."""
    moved = Difference("position", "entries", "moved", None, ("a", "b"), ("b", "a"))
    for differences in ((), (moved,)):
        assert risk(differences) == rollback(differences) == ""
