"""Where rules on lost data, clients, second runs and the schema must speak, or be silent, beyond their examples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from textwrap import dedent

import pytest

from headgate import rules
from headgate.rules._example import example
from tests.rules.conftest import Judge

FAMILIES = {"loss", "clients", "again", "schema"}
RULES = {rule.name: rule for rule in rules.load()}
ENTRIES = "CREATE TABLE entries (id bigint PRIMARY KEY, caption text NOT NULL, size integer NOT NULL);"
USERS = "CREATE TABLE users (id bigint PRIMARY KEY);"
OWNED = f"""{USERS}
    CREATE TABLE entries (id bigint PRIMARY KEY, user_id bigint CONSTRAINT fk REFERENCES users ON DELETE SET NULL);"""


@dataclass(frozen=True)
class Case:
    """A revision, and each `rule severity` of these families that counts, with the line of upgrade() that it names."""

    name: str
    before: str
    up: str
    told: frozenset[str] = frozenset()


def sql(*statements: str) -> str:
    return "\n".join(f'op.get_bind().exec_driver_sql("""{statement}""")' for statement in statements)


CASES = (
    Case(
        "a column whose values were copied first is renamed, not lost",
        ENTRIES,
        sql(
            "ALTER TABLE entries ADD title text",
            "UPDATE entries SET title = caption",
            "ALTER TABLE entries DROP caption",
        ),
        frozenset({"rename-column error 3"}),
    ),
    Case(
        "a column whose values went to a new table is moved, not lost",
        ENTRIES,
        sql(
            "CREATE TABLE captions (entry_id bigint PRIMARY KEY, caption text NOT NULL)",
            "INSERT INTO captions SELECT id, caption FROM entries",
            "ALTER TABLE entries DROP caption",
        ),
        frozenset({"rename-column error 3"}),
    ),
    Case(
        "a column of which some values went to a new table is lost",
        ENTRIES,
        sql(
            "CREATE TABLE captions (entry_id bigint PRIMARY KEY, caption text NOT NULL)",
            "INSERT INTO captions SELECT id, caption FROM entries LIMIT 9",
            "ALTER TABLE entries DROP caption",
        ),
        frozenset({"drop-column error 3"}),
    ),
    Case(
        "a table that takes over the name of another is not that one",
        ENTRIES,
        sql(
            "CREATE TABLE longer (id bigint PRIMARY KEY, caption text NOT NULL, size bigint NOT NULL)",
            "INSERT INTO longer SELECT * FROM entries",
            "ALTER TABLE entries RENAME TO shorter",
            "ALTER TABLE longer RENAME TO entries",
        ),
        frozenset({"rename-table warning 3"}),
    ),
    Case(
        "nor is a column, which holds other values",
        ENTRIES,
        sql(
            "ALTER TABLE entries ADD longer bigint",
            "ALTER TABLE entries RENAME size TO shorter",
            "ALTER TABLE entries RENAME longer TO size",
        ),
        frozenset({"rename-column error 2", "required-column-old-code error 2"}),
    ),
    Case(
        "a domain that asks for nothing takes what its type takes",
        f"{ENTRIES} CREATE DOMAIN free AS integer; CREATE DOMAIN bound AS integer CHECK (VALUE <> 7)",
        sql("ALTER TABLE entries ALTER size TYPE free", "ALTER TABLE entries ALTER size TYPE bound"),
        frozenset({"column-type-narrowed warning 2"}),
    ),
    Case(
        "what comes later on a new column does not hang on the rows",
        ENTRIES,
        """
        with op.get_context().autocommit_block():
            op.execute("ALTER TABLE entries ADD slug text")
            op.execute("CREATE UNIQUE INDEX CONCURRENTLY ux ON entries (slug)")
        """,
    ),
    Case(
        "a drop and an addition in one statement are no rename",
        ENTRIES,
        sql("ALTER TABLE entries DROP caption, ADD title text NOT NULL DEFAULT ''"),
        frozenset({"rename-as-drop-add error 1"}),
    ),
    Case(
        "a drop inside a DO block is a drop",
        ENTRIES,
        sql("DO $$ BEGIN EXECUTE 'ALTER TABLE entries DROP size'; END $$"),
        frozenset({"drop-column error 1"}),
    ),
    Case(
        "a view of the old name with the old columns keeps clients going",
        ENTRIES,
        sql(
            "ALTER TABLE entries RENAME TO notes",
            "ALTER TABLE notes RENAME caption TO title",
            "CREATE VIEW entries AS SELECT id, title AS caption, size FROM notes",
        ),
    ),
    Case(
        "a table that moves to another schema is not found",
        f"{ENTRIES} CREATE SCHEMA archive",
        sql("ALTER TABLE entries SET SCHEMA archive"),
        frozenset({"rename-table error 1"}),
    ),
    Case(
        "TRUNCATE CASCADE empties what points to the table as well",
        OWNED,
        sql("TRUNCATE users CASCADE"),
        frozenset({"truncate error 1"}),
    ),
    Case(
        "what the revision itself made may go again",
        ENTRIES,
        sql("CREATE TABLE t (id bigint PRIMARY KEY, a text)", "ALTER TABLE t DROP a", "DROP TABLE t"),
    ),
    Case(
        "rows that are deleted and put back are not lost",
        ENTRIES,
        sql(
            "CREATE TEMPORARY TABLE kept AS SELECT * FROM entries",
            "DELETE FROM entries",
            "INSERT INTO entries SELECT * FROM kept",
        ),
    ),
    Case(
        "NOT NULL takes the place of its CHECK",
        f"{ENTRIES} ALTER TABLE entries ADD note text DEFAULT '', ADD CONSTRAINT c CHECK (note IS NOT NULL)",
        sql("ALTER TABLE entries ALTER note SET NOT NULL", "ALTER TABLE entries DROP CONSTRAINT c"),
    ),
    Case(
        "a foreign key that only gets another ON DELETE keeps its promise",
        OWNED,
        sql(
            "ALTER TABLE entries DROP CONSTRAINT fk",
            "ALTER TABLE entries ADD CONSTRAINT fk2 FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE NOT VALID",
        ),
    ),
    Case(
        "a constraint that is made anew under its name is there",
        f"{ENTRIES} ALTER TABLE entries ADD CONSTRAINT c CHECK (size <> 7)",
        sql(
            "ALTER TABLE entries DROP CONSTRAINT c",
            "ALTER TABLE entries ADD CONSTRAINT c CHECK (size <> 8) NOT VALID",
        ),
    ),
    Case(
        "a foreign key that nothing replaces is a promise lost",
        OWNED,
        sql("ALTER TABLE entries DROP CONSTRAINT fk"),
        frozenset({"drop-constraint warning 1"}),
    ),
    Case(
        "an enum that is made anew without a value lacks it",
        "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (id bigint PRIMARY KEY)",
        sql("DROP TYPE mood", "CREATE TYPE mood AS ENUM ('a')"),
        frozenset({"rename-enum-value error 2"}),
    ),
    Case(
        "a trigger that is defined anew goes on",
        f"""{ENTRIES}
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER t BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION f()""",
        sql(
            "DROP TRIGGER t ON entries",
            "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION f()",
        ),
    ),
    Case(
        "a view that is made again with other columns is not dropped",
        f"{ENTRIES} CREATE VIEW captions AS SELECT caption FROM entries",
        sql("DROP VIEW captions", "CREATE VIEW captions AS SELECT caption, size FROM entries"),
    ),
    Case(
        "a wider type takes what clients write",
        "CREATE TABLE t (id bigint PRIMARY KEY, a varchar(20) NOT NULL, b numeric(10, 2))",
        sql("ALTER TABLE t ALTER a TYPE text", "ALTER TABLE t ALTER b TYPE numeric(12, 2)"),
    ),
    Case(
        "a moment in place of a clock's reading loses nothing",
        "CREATE TABLE t (id bigint PRIMARY KEY, a timestamp NOT NULL)",
        sql("SET LOCAL TimeZone = 'Europe/Berlin'", "ALTER TABLE t ALTER a TYPE timestamptz"),
    ),
    Case(
        "a default that is taken from an older column stops those who left it out",
        "CREATE TABLE t (id bigint PRIMARY KEY, a text NOT NULL DEFAULT '')",
        sql("ALTER TABLE t ALTER a DROP DEFAULT"),
        frozenset({"required-column-old-code warning 1"}),
    ),
    Case(
        "what failed after a commit has left its half",
        "CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t VALUES (-1, 'x'), (-2, 'x')",
        """
        with op.get_context().autocommit_block():
            op.execute("CREATE TABLE u (id bigint PRIMARY KEY)")
        op.execute("CREATE UNIQUE INDEX ux ON t ((1))")
        """,
        frozenset({"split-transaction error 2"}),
    ),
    Case(
        "a concurrent build that failed leaves an INVALID index",
        "CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t VALUES (-1, 'x'), (-2, 'x')",
        """
        with op.get_context().autocommit_block():
            op.execute("CREATE UNIQUE INDEX CONCURRENTLY ux ON t ((1))")
        """,
        frozenset({"invalid-index error 2"}),
    ),
    Case(
        "a savepoint that gives back its part is no transaction of its own",
        ENTRIES,
        """
        with op.get_bind().begin_nested() as savepoint:
            op.execute("CREATE TABLE attempt (id bigint PRIMARY KEY)")
            savepoint.rollback()
        """,
    ),
    Case(
        "what passes over what is there can be run again",
        ENTRIES,
        """
        with op.get_context().autocommit_block():
            op.execute("CREATE TABLE IF NOT EXISTS words (id bigint PRIMARY KEY)")
        op.execute("UPDATE entries SET size = size + 0 WHERE id < 0")
        """,
    ),
    Case(
        "the same index twice serves once",
        "CREATE TABLE t (id bigint PRIMARY KEY)",
        sql("CREATE TABLE u (id bigint PRIMARY KEY, a text)", "CREATE INDEX x ON u (a)", "CREATE INDEX y ON u (a)"),
        frozenset({"redundant-index warning 3"}),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_counts_is_told_on_its_line_and_nothing_else(case: Case, judge: Judge) -> None:
    """Each is a revision as people write it; a rule that cannot tell it from its neighbour is switched off."""
    source = example(
        "change the schema",
        up=case.up,
        down='raise NotImplementedError("a test")',
        intent="a test",
        rollback="irreversible, a test",
    )
    first = source.splitlines().index("def upgrade() -> None:") + 1
    found = judge(replace(RULES["drop-column"], before=dedent(case.before)), source)
    told = {
        f"{one.rule} {one.severity} {(one.line or 0) - first}"
        for one in found
        if RULES[one.rule].family in FAMILIES and one.severity != "advice"
    }
    assert told == case.told
