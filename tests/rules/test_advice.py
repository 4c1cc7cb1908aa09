"""Where advice is silent: what real histories showed to be false."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from headgate import rules
from headgate.rules._example import example
from tests.rules.conftest import Judge

RULES = {rule.name: rule for rule in rules.load()}
OWNED = """CREATE TABLE users (id bigint PRIMARY KEY);
    CREATE TABLE entries (id bigint PRIMARY KEY, user_id bigint CONSTRAINT fk REFERENCES users ON DELETE SET NULL)"""
ANOTHER_ON_DELETE = (
    'op.drop_constraint("fk", "entries")',
    'op.create_foreign_key("fk", "entries", "users", ["user_id"], ["id"], ondelete="CASCADE")',
)
NOT_NULL_AND_KEY = (
    'op.execute("DELETE FROM entries WHERE user_id IS NULL")',
    'op.alter_column("entries", "user_id", nullable=False)',
    'op.create_foreign_key("fk2", "entries", "users", ["user_id"], ["id"])',
)
BUILT = 'op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON entries (user_id)")'
ASKED = (
    "with op.get_context().autocommit_block():",
    "    query = \"SELECT FROM pg_index WHERE indexrelid = to_regclass('ix') AND NOT indisvalid\"",
    "    if op.get_bind().exec_driver_sql(query).first():",
    '        op.execute("DROP INDEX CONCURRENTLY ix")',
    f"    {BUILT}",
)
NOT_ASKED = ("with op.get_context().autocommit_block():", f"    {BUILT}")
OTHER_KEY = ('op.create_foreign_key("fk2", "entries", "users", ["id"], ["id"])',)

# The names of both columns that were there stand in that of the new one.
ON_A_NEW_COLUMN = (
    'op.add_column("entries", sa.Column("paid_user_id", sa.BigInteger()))',
    'op.create_check_constraint("ck", "entries", "paid_user_id > 0", postgresql_not_valid=True)',
)
ON_AN_OLDER_ONE = ('op.execute("ALTER TABLE entries ADD note text, ADD CONSTRAINT ck CHECK (user_id > 0) NOT VALID")',)
ON_A_RENAMED_ONE = (
    'op.alter_column("entries", "user_id", new_column_name="owner_id")',
    'op.create_check_constraint("ck", "entries", "owner_id > 0", postgresql_not_valid=True)',
)


@dataclass(frozen=True)
class Case:
    """A revision, and how often a rule speaks of it."""

    name: str
    rule: str
    up: tuple[str, ...]
    times: int


CASES = (
    Case("another ON DELETE refuses no more rows", "new-write-restriction", ANOTHER_ON_DELETE, 0),
    Case("a foreign key on other columns does", "new-write-restriction", OTHER_KEY, 1),
    Case("a check of a new column refuses nothing", "new-write-restriction", ON_A_NEW_COLUMN, 0),
    Case("a check of an older one does, beside a new one", "new-write-restriction", ON_AN_OLDER_ONE, 1),
    Case("and under its new name", "new-write-restriction", ON_A_RENAMED_ONE, 1),
    Case("a leftover that is asked for is known", "concurrent-index-retry", ASKED, 0),
    Case("one that is not asked for is passed over", "concurrent-index-retry", NOT_ASKED, 1),
    Case("a foreign key is checked by a query of its own", "multi-alter", NOT_NULL_AND_KEY, 0),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_advice_is_given_where_it_holds(case: Case, judge: Judge) -> None:
    """Advice that would change nothing has the reader pass over the rest."""
    source = example(
        "change the owner",
        up=case.up,
        down='raise NotImplementedError("a test")',
        intent="a test",
        rollback="irreversible, a test",
    )
    found = judge(replace(RULES[case.rule], before=OWNED), source)
    assert sum(one.rule == case.rule for one in found) == case.times
