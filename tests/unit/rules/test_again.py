"""What becomes of a statement at a second run."""

from __future__ import annotations

import pytest

from headgate.rehearsal.trace import Statement
from headgate.rules._again import is_spared


@pytest.mark.parametrize(
    ("sql", "spared"),
    [
        ("CREATE TABLE IF NOT EXISTS t (id bigint)", True),
        ("drop index concurrently if exists ix", True),
        ("CREATE INDEX CONCURRENTLY IF NOT\n  EXISTS ix ON t (a)", True),
        ("CREATE TABLE t (id bigint)", False),
        ("DELETE FROM t WHERE NOT EXISTS (SELECT FROM u)", False),
        ("EXISTS", False),
    ],
)
def test_if_exists_is_told_from_another_exists(sql: str, spared: bool) -> None:
    """The one passes over what is there; the other asks for rows."""
    assert is_spared(Statement(1, sql, "r.py", 1, "upgrade", None)) is spared
