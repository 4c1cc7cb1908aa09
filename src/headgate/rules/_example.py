"""The examples of rules as whole revision files."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import dedent

__all__ = ["ENTRIES", "example"]

ENTRIES = "CREATE TABLE entries (id bigint PRIMARY KEY, user_id bigint NOT NULL, title text, size integer)"
"""The table that most examples are about."""

_EXAMPLE = '''"""{says}

Intent: {intent}.
Risk: {risk}.
Rollback: {rollback}.
"""

{imports}

revision = "20261122170212"
down_revision = "20261120091500"


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
'''


def example(
    says: str,
    up: str | Sequence[str],
    down: str | Sequence[str] = "pass",
    *,
    intent: str,
    risk: str = "catalog change only; a strong lock for a moment",
    rollback: str = "takes back what the upgrade made",
) -> str:
    """Give the example of a rule as a whole revision file.

    Args:
        says: what the revision does, the first line of its header.
        up: the lines of upgrade(), one by one or as one text, which may be indented.
        down: the lines of downgrade().
        intent: what for.
        risk: what it does to the tables.
        rollback: what the downgrade does.
    """
    bodies = [
        "\n    ".join(dedent(body).strip().splitlines() if isinstance(body, str) else body) for body in (up, down)
    ]
    used = "import sqlalchemy as sa\n" if any("sa." in body for body in bodies) else ""
    return _EXAMPLE.format(
        says=says,
        intent=intent,
        risk=risk,
        rollback=rollback,
        imports=f"{used}from alembic import op",
        up=bodies[0],
        down=bodies[1],
    )
