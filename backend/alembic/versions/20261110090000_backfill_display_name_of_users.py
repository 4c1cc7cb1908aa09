"""backfill display_name of users

Intent: Second step of the rename: give display_name to the users from before it, and prove that all have one.
Risk: Long on many rows, but each batch locks only its own rows and commits; can be stopped and run again.
Rollback: Puts the check back as NOT VALID; the values stay, the first step's rollback drops them.

Revision ID: 20261110090000
Revises: 20261109110000
Create Date: 2026-11-10 09:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261110090000"
down_revision = "20261109110000"
branch_labels = None
depends_on = None

BATCH = sa.text(
    "UPDATE users SET display_name = name"
    " WHERE id IN (SELECT id FROM users WHERE id > :after AND display_name IS NULL ORDER BY id LIMIT 1000)"
    " RETURNING id"
)


def upgrade() -> None:
    # Each batch is a transaction of its own: one for all rows would hold every lock, and lose all work when it fails.
    with op.get_context().autocommit_block():
        if op.get_context().as_sql:
            op.execute("UPDATE users SET display_name = name WHERE display_name IS NULL")
        else:
            backfill()
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_display_name_present")


def backfill() -> None:
    """Fill what is empty, by key; a second run finds nothing to do."""
    after: int | None = 0
    while after is not None:
        after = max(op.get_bind().scalars(BATCH, {"after": after}), default=None)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_users_display_name_present"), "users", type_="check")
    op.create_check_constraint(
        op.f("ck_users_display_name_present"), "users", "display_name IS NOT NULL", postgresql_not_valid=True
    )
