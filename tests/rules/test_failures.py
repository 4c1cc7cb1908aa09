"""What is said of a revision that fails on rows: every line of it, of each rule's own example."""

from __future__ import annotations

import pytest

from headgate import rules
from tests.rules.conftest import Judge

SAID = {
    "concurrently-in-tx": (
        "error at line 15: CREATE INDEX CONCURRENTLY cannot run inside a transaction block",
        "seen: PostgreSQL 18: 25001, CREATE INDEX CONCURRENTLY cannot run inside a transaction block",
        "seen: statement: CREATE INDEX CONCURRENTLY ix_entries_title ON entries (title)",
        "fix: with op.get_context().autocommit_block():",
        "fix:     …  # this call, in a revision of its own",
    ),
    "dependent-objects": (
        "error at line 15: cannot alter type of a column used by a view or rule: view titles",
        "seen: PostgreSQL 18: 0A000, cannot alter type of a column used by a view or rule",
        'seen: rule _RETURN on view titles depends on column "title"',
        "seen: statement: ALTER TABLE entries ALTER COLUMN title TYPE varchar",
        "fix: first drop or alter view titles in this revision, by name, and make it anew afterwards;",
        "fix: CASCADE would drop whatever else hangs on it in production",
    ),
    "enum-exists": (
        "error at line 17: the type mood is there already",
        'seen: PostgreSQL 18: 42710, type "mood" already exists',
        "seen: statement: CREATE TYPE mood AS ENUM ('calm', 'merry')",
        "seen: mood has calm, merry",
        "fix: from sqlalchemy.dialects import postgresql",
        'fix: postgresql.ENUM(name="mood", create_type=False)  # in place of sa.Enum(…)',
    ),
    "enum-value-same-tx": (
        'error at line 16: "merry" of mood is used in the transaction that adds it',
        'seen: PostgreSQL 18: 55P04, unsafe use of new value "merry" of enum type mood',
        "seen: statement: UPDATE entries SET mood = 'merry' WHERE id = 1",
        "fix: with op.get_context().autocommit_block():",
        "fix:     op.execute(\"ALTER TYPE mood ADD VALUE 'merry'\")  # committed before it is used",
    ),
    "fk-type-mismatch": (
        "error at line 16: visits.user_id is integer and points to users.id, which is bigint",
        "seen: foreign key visits_user_id_fkey: visits.user_id integer references users.id bigint",
        'fix: op.execute("ALTER TABLE visits ALTER COLUMN user_id TYPE bigint")  # in steps, on a large table',
    ),
    "not-rehearsed": (
        "warning at line 16: sealed has no rows in the rehearsal, so nothing is known of what this does to them",
        "seen: not filled: no row was found that satisfies CHECK (md5(seal) = 'none'::text)",
        "seen: ACCESS EXCLUSIVE on sealed",
        "fix: give rows for it in the settings, as a file of SQL or a function that returns statements:",
        "fix: [tool.headgate.given]",
        'fix: "sealed" = "tests/rows/sealed.sql"',
    ),
    "pending-trigger-events": (
        "error at line 18: entries is altered while changes of its rows wait for a deferred constraint",
        'seen: PostgreSQL 18: 55006, cannot ALTER TABLE "entries" because it has pending trigger events',
        "seen: statement: ALTER TABLE entries ADD COLUMN given BOOLEAN",
        "seen: line 17 changed rows of entries in the same transaction",
        "fix: change the rows in a revision of their own, before this one,",
        'fix: or have them checked at once: op.execute("SET CONSTRAINTS ALL IMMEDIATE") before the rows are changed',
    ),
    "precondition": (
        "warning at line 16: fails when users.email holds duplicates",
        'seen: PostgreSQL 18: 23505, could not create unique index "ux_users_email" DETAIL: Key (email)=('
        "email 80) is duplicated.",
        "seen: when it fails, this stays behind: + index ux_users_email unique on users (email), INVALID",
        "seen: 7 found in the 100 rows of the rehearsal",
        "fix: holds when this returns 0: SELECT count(*) FROM (SELECT 1 FROM users WHERE email IS NOT NUL"
        "L GROUP BY email HAVING count(*) > 1) AS duplicates",
        'fix: or declare it: preconditions = {"no duplicate users.email": "SELECT …"}',
    ),
    "precondition-invalid": (
        'error at line 13: the precondition "no user without an address" cannot be asked',
        'seen: PostgreSQL 18: relation "user_accounts" does not exist',
        "seen: query: SELECT count(*) FROM user_accounts WHERE email IS NULL",
        'fix: preconditions = {"no duplicate users.email": "SELECT count(*) FROM …"}',
        "fix: with names of the schema as it is before this revision",
    ),
    "required-column": (
        "error at line 16: entries.length is required, and the rows that entries has are given no value",
        'seen: PostgreSQL 18: 23502, column "length" of relation "entries" contains null values',
        "seen: statement: ALTER TABLE entries ADD COLUMN length INTEGER NOT NULL",
        "seen: entries has 100 rows in the rehearsal",
        'fix: 1. op.add_column("entries", sa.Column("length", …))  # nullable, or with a server_default',
        'fix: 2. op.execute("UPDATE entries SET length = … WHERE length IS NULL")  # in its own revision',
        'fix: 3. op.alter_column("entries", "length", nullable=False)',
    ),
    "type-change-cast": (
        "error at line 16: nothing says how the values of size become integer",
        'seen: PostgreSQL 18: 42804, column "size" cannot be cast automatically to type integer',
        "seen: statement: ALTER TABLE entries ALTER COLUMN size TYPE INTEGER",
        'fix: postgresql_using="size::integer"',
        "fix: or, in SQL, USING and the expression that makes the new value",
    ),
    "unknown-name": (
        'error at line 15: constraint "uq_entries_title" of relation "entries" does not exist',
        'seen: PostgreSQL 18: 42704, constraint "uq_entries_title" of relation "entries" does not exist',
        "seen: statement: ALTER TABLE entries DROP CONSTRAINT uq_entries_title",
        "seen: there are: entries_title_key, entries_pkey",
        "fix: use the name that the catalog has, such as entries_title_key;",
        "fix: give constraints a name in the models: MetaData(naming_convention={…})",
    ),
    "upgrade-fails-on-rows": (
        'error at line 17: passes on empty tables and fails on rows: could not create unique index "entries_code_key"',
        'seen: PostgreSQL 18: 23505, could not create unique index "entries_code_key"',
        "seen: Key (code)=(none) is duplicated.",
        "seen: statement: ALTER TABLE entries ADD CONSTRAINT entries_code_key UNIQUE (code)",
        "seen: the same revision passes on empty tables",
        "fix: have the statement allow for the rows that are there, or mend them first in a revision of its own",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_a_failure_is_told_in_the_users_own_names_with_what_to_do(name: str, judge: Judge) -> None:
    """The server's words alone leave one to look up which table, which line, and what now."""
    rule = next(rule for rule in rules.load() if rule.name == name)

    (found,) = [one for one in judge(rule, rule.bad) if one.rule == name]

    said = f"{found.severity} at line {found.line}: {found.message}"
    assert (said, *(f"seen: {line}" for line in found.seen), *(f"fix: {line}" for line in found.fix)) == SAID[name]
