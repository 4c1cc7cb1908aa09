"""The rule revision-file-name."""

from __future__ import annotations

import pytest

HEADER = '''"""Ajouter l'école – "né" à entries

Create Date: 2026-11-22 17:02:12.123456
"""
'''


@pytest.mark.parametrize(
    "name",
    [
        "20261122170212_add_note_to_entries.py",
        "20240229235959_a.py",
        "20261122170212_add_a_very_long_description_that_alembic_cut_.py",
    ],
)
def test_a_name_by_the_convention_is_silent(judge, name: str) -> None:
    """A leap day is a day, and Alembic ends a slug that it cut with an underscore."""
    assert judge(name=name) == ()


@pytest.mark.parametrize(
    "name",
    [
        "9f3c1a7e_add_note.py",
        "20261122170212.py",
        "20261122170212_.PY.py",
        "20261122170212-add-note.py",
        "20261122170212_Add_note.py",
        "20261122170212_année.py",
        "2026112217021_add_note.py",
        "202611221702120_add_note.py",
        "٢٠٢٦1122170212_add_note.py",
    ],
)
def test_any_other_name_fires_once(judge, name: str) -> None:
    """Digits of other scripts count as digits for str.isdigit, and sort elsewhere."""
    (finding,) = judge(name=name)
    assert name in finding.message


@pytest.mark.parametrize("stamp", ["20261322170212", "20260230170212", "20261122250212", "20261122176012"])
def test_fourteen_digits_that_are_no_moment_fire(judge, stamp: str) -> None:
    """yyyyddmm is the usual slip, and it sorts wrongly for months before anyone sees it."""
    (finding,) = judge(name=f"{stamp}_add_note.py")
    assert finding.message.endswith(f"{stamp} is not a date and time")


def test_the_fix_renames_the_users_own_file(judge) -> None:
    """The new name is the message's, at the time at which the file says it was made."""
    (finding,) = judge(name="9f3c1a7e.py", header=HEADER)
    assert finding.fix == (
        "git mv backend/alembic/versions/9f3c1a7e.py "
        "backend/alembic/versions/20261122170212_ajouter_lecole_ne_a_entries.py",
    )
