"""`headgate.revisions.rewrite.again`: a statement is committed early only if it may run twice."""

from __future__ import annotations

import pytest

from headgate.revisions.rewrite.again import Again, judge

MAY = """\
SET LOCAL lock_timeout = '2s'
COMMENT ON TABLE t IS 'x'
GRANT SELECT ON t TO r
ANALYZE t
CREATE TABLE IF NOT EXISTS t (a int)
CREATE OR REPLACE VIEW v AS SELECT 1
DROP TABLE IF EXISTS t
CREATE EXTENSION IF NOT EXISTS citext
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'x'
ALTER TABLE t ALTER a SET NOT NULL
ALTER TABLE t ALTER COLUMN a DROP DEFAULT
ALTER TABLE t VALIDATE CONSTRAINT c
ALTER TABLE t ADD COLUMN IF NOT EXISTS a int, ALTER b SET DEFAULT 1
ALTER TABLE t SET (fillfactor = 70)
UPDATE t SET a = 1 WHERE a IS NULL
UPDATE t SET a = (SELECT 1, 2) WHERE b > 0 AND a IS NULL
ALTER TABLE t ALTER a SET NOT NULL; COMMENT ON TABLE t IS 'x'
""".splitlines()
MAY_NOT = """\
INSERT INTO t VALUES (1)
DELETE FROM t
UPDATE t SET a = 1
UPDATE t SET a = a + 1 WHERE a > 0
UPDATE t SET a = 1, b = 2 WHERE a IS NULL
UPDATE t SET a = 1 WHERE a IS NULL OR b
UPDATE t SET a = 1 WHERE (a IS NULL)
UPDATE t SET a = 1 WHERE b IS NULL
UPDATE t SET a = 1 WHERE a IS NOT NULL
CREATE TABLE t (a int)
CREATE TABLE t AS SELECT 'IF NOT EXISTS'
DROP TABLE t
ALTER TABLE t ADD a int
ALTER TABLE t RENAME a TO b
ALTER TABLE t ALTER a TYPE int USING a * 2
ALTER TABLE t DROP CONSTRAINT c
SELECT setval('s', 1)
DO $$ BEGIN END $$
SET CONSTRAINTS ALL DEFERRED
LOCK TABLE t
ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX u
ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0), ADD b int
ALTER TYPE mood ADD VALUE 'x'
CREATE INDEX ix ON t (a)
COMMENT ON TABLE t IS 'x'; DELETE FROM t
TRUNCATE t
""".splitlines()


@pytest.mark.parametrize("sql", MAY)
def test_what_may_run_twice_is_let_be(sql: str) -> None:
    """The second time it finds what the first time left, and leaves it."""
    found = judge(sql, set())
    assert found is not None
    assert found.before == ()


@pytest.mark.parametrize("sql", MAY_NOT)
def test_of_anything_else_nothing_is_promised(sql: str) -> None:
    """A revision that half ran and cannot run again is what the split would otherwise make."""
    assert judge(sql, set()) is None


def test_a_constraint_is_dropped_before_it_is_added_again() -> None:
    """IF EXISTS on the way back is what makes the way there repeatable."""
    add = 'ALTER TABLE ONLY app.t ADD CONSTRAINT "My c" CHECK (a > 0) NOT VALID'

    assert judge(add, set()) == Again(('ALTER TABLE app.t DROP CONSTRAINT IF EXISTS "My c"',), ("My c",))
    assert judge(add, {"My c"}) == Again()
    assert judge("ALTER TABLE t DROP CONSTRAINT IF EXISTS c", set()) == Again(drops=("c",))
    assert judge("DROP INDEX CONCURRENTLY IF EXISTS app.ix", set()) == Again(drops=("ix",))
    assert judge("CREATE INDEX CONCURRENTLY ix ON t (a)", {"ix"}) == Again()
