"""reference users from entries

Intent: From now on an entry belongs to a user that exists, and is deleted with that user.
Risk: Small: NOT VALID checks new rows only, so nothing is scanned; both tables are locked for a moment.
Rollback: Drops the foreign key; entries of users that do not exist can be written again.

Revision ID: 20261015083000
Revises: 20261012101500
Create Date: 2026-10-15 08:30:00+00:00
"""

from __future__ import annotations

from alembic import op

revision = "20261015083000"
down_revision = "20261012101500"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_foreign_key(
        op.f("fk_entries_user_id_users"),
        "entries",
        "users",
        ["user_id"],
        ["id"],
        ondelete="CASCADE",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_entries_user_id_users"), "entries", type_="foreignkey")
