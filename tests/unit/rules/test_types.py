"""Which type takes every value of another."""

from __future__ import annotations

import pytest

from headgate.rules._types import takes_all

VARCHAR, STAMP, STAMPTZ = "character varying", "timestamp without time zone", "timestamp with time zone"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{VARCHAR}(20)", f"{VARCHAR}(64)"),
        (f"{VARCHAR}(20)", "text"),
        ("text", VARCHAR),
        ("integer", "bigint"),
        ("bigint", "numeric"),
        ("numeric(10,2)", "numeric(12,2)"),
        ("numeric(10,2)", "numeric"),
        (STAMP, STAMPTZ),
        ("timestamp(0) without time zone", "timestamp(3) without time zone"),
        ("interval(0)", "interval(3)"),
        ("date", STAMP),
        (STAMPTZ, "timestamp(6) with time zone"),
        ("interval", "interval(6)"),
        (f"{VARCHAR}(20)[]", "text[]"),
        ("cidr", "inet"),
        ("mood", "mood"),
    ],
)
def test_a_wider_type_takes_all(old: str, new: str) -> None:
    """A rule that warns of these is switched off on the first day."""
    assert takes_all(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{VARCHAR}(20)", f"{VARCHAR}(19)"),
        ("text", f"{VARCHAR}(20)"),
        (VARCHAR, f"{VARCHAR}(20)"),
        ("bigint", "integer"),
        ("integer", "numeric(5,2)"),
        ("numeric(10,2)", "numeric(10,4)"),
        ("numeric(10,2)", "integer"),
        ("text", "integer"),
        ("integer", "text"),
        (STAMPTZ, STAMP),
        ("timestamp(3) without time zone", "timestamp(0) without time zone"),
        ("mood", "text"),
    ],
)
def test_any_other_does_not(old: str, new: str) -> None:
    """What is not known to be wider is asked about."""
    assert not takes_all(old, new)
