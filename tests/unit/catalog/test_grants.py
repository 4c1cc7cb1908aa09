"""Access lists are read as PostgreSQL writes them."""

from __future__ import annotations

import pytest

from headgate.catalog.grants import grants


@pytest.mark.parametrize(
    ("access", "default", "read"),
    [
        ([], [], None),
        (["app=r/owner", "owner=arw/owner"], ["owner=arw/owner"], "SELECT to app"),
        (["app=ar*w/owner"], [], "INSERT, SELECT WITH GRANT OPTION, UPDATE to app"),
        (["owner=X/owner"], ["=X/owner", "owner=X/owner"], "EXECUTE revoked from PUBLIC"),
        (['"a=""b"""=U/owner', "=U/owner"], [], 'USAGE to "a=""b"""; USAGE to PUBLIC'),
        (["app=r/one", "app=r/other"], [], "SELECT to app"),
        (["app=~/owner"], [], "~ to app"),
    ],
)
def test_grants_are_told_against_the_default(access: list[str], default: list[str], read: str | None) -> None:
    """What everyone has anyway is no decision; a privilege that a later PostgreSQL adds is told by its letter."""
    assert grants(access, default) == read
