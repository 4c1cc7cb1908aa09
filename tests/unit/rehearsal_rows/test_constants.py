"""What is read from the text of an expression: its constants, and nothing else."""

from __future__ import annotations

import pytest

from headgate.rehearsal.rows.constants import constants


@pytest.mark.parametrize(
    ("expression", "strings", "numbers"),
    [
        ("(a > 5)", [], ["5"]),
        ("((price >= 0.5) AND (price < (1e3)::numeric))", [], ["0.5", "1e3"]),
        ("(state = ANY (ARRAY['new'::text, 'it''s'::text]))", ["new", "it's"], []),
        ("(col1 <> col_2)", [], []),
        ("(\"it's 5\" = 'x')", ["x"], []),
        ("(s ~ '^[a-z]{2,3}$'::text)", ["^[a-z]{2,3}$"], []),
        ("FOR VALUES FROM ('2024-01-01') TO (MAXVALUE)", ["2024-01-01"], []),
        ("((n = 3) OR (n = 3))", [], ["3"]),
        ("(a = '')", [""], []),
        ("", [], []),
    ],
)
def test_reads_each_constant_once(expression: str, strings: list[str], numbers: list[str]) -> None:
    """A constant in a check is the best guess at a value that satisfies it."""
    assert constants(expression) == (strings, numbers)
