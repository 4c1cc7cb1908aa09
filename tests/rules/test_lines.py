"""Findings name the statement that is at fault, and each thing once, also where tables are made of partitions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from headgate import rules
from headgate.rules._example import example
from tests.rules.conftest import Judge

RULES = {rule.name: rule for rule in rules.load()}
USERS = "CREATE TABLE users (id {} PRIMARY KEY);"
PARTED = """CREATE TABLE events (id bigint NOT NULL, user_id integer) PARTITION BY RANGE (id);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000000)"""


@dataclass(frozen=True)
class Case:
    """A revision, and the lines of upgrade() at which a rule speaks."""

    name: str
    rule: str
    before: str
    up: tuple[str, ...]
    lines: tuple[int, ...]


def sql(*statements: str) -> tuple[str, ...]:
    return tuple(f"op.get_bind().exec_driver_sql({statement!r})" for statement in statements)


CASES = (
    Case(
        "a key of a partitioned table is told once, not for each partition",
        "fk-type-mismatch",
        USERS.format("bigint") + PARTED,
        sql("COMMENT ON TABLE users IS 'u'", "ALTER TABLE events ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID"),
        (2,),
    ),
    Case(
        "a key of one partition, whose column is changed in the whole",
        "fk-type-mismatch",
        USERS.format("integer") + PARTED + "; ALTER TABLE events_1 ADD FOREIGN KEY (user_id) REFERENCES users",
        sql("COMMENT ON TABLE users IS 'u'", "ALTER TABLE events ALTER user_id TYPE bigint"),
        (2,),
    ),
    Case(
        "batches that one transaction holds together",
        "bulk-dml",
        "CREATE TABLE entries (id bigint PRIMARY KEY, size integer)",
        (
            "bind, done = op.get_bind(), 1",
            "while done:",
            "    done = bind.exec_driver_sql(",
            '        "UPDATE entries SET size = -9 WHERE id IN (SELECT id FROM entries"',
            '        " WHERE size IS DISTINCT FROM -9 LIMIT 30)"',
            "    ).rowcount",
        ),
        (3,),
    ),
    Case(
        "a procedure that commits after each batch",
        "bulk-dml",
        "CREATE TABLE entries (id bigint PRIMARY KEY, size integer)",
        (
            "with op.get_context().autocommit_block():",
            '    op.execute("""DO $$ BEGIN',
            "        WHILE EXISTS (SELECT FROM entries WHERE size IS DISTINCT FROM -9) LOOP",
            "            UPDATE entries SET size = -9 WHERE id IN",
            "                (SELECT id FROM entries WHERE size IS DISTINCT FROM -9 LIMIT 30);",
            "            COMMIT;",
            "        END LOOP;",
            '    END $$""")',
        ),
        (),
    ),
    Case(
        "a key that came after its table",
        "fk-type-mismatch",
        USERS.format("bigint"),
        sql(
            "CREATE TABLE visits (id bigint PRIMARY KEY, user_id integer)",
            "ALTER TABLE visits ADD FOREIGN KEY (user_id) REFERENCES users",
        ),
        (2,),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_line_is_that_of_the_statement(case: Case, judge: Judge) -> None:
    """A finding on the wrong line is read as a mistake of the tool, and so are all others."""
    source = example(
        "change the schema",
        up=case.up,
        down='raise NotImplementedError("a test")',
        intent="a test",
        rollback="irreversible, a test",
    )
    first = source.splitlines().index("def upgrade() -> None:") + 1
    found = judge(replace(RULES[case.rule], before=case.before), source)
    assert tuple((one.line or 0) - first for one in found if one.rule == case.rule) == case.lines
