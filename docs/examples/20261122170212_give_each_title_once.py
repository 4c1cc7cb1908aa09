"""give each title once

Intent: A user finds an entry by its title, so no two of theirs may have the same.
Risk: Builds a unique index on entries.
Rollback: Drops the constraint.

Revision ID: 20261122170212
Revises: 20261116140000
Create Date: 2026-11-22 17:02:12+00:00
"""

from __future__ import annotations

from alembic import op

revision = "20261122170212"
down_revision = "20261116140000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_unique_constraint("uq_entries_user_id_title", "entries", ["user_id", "title"])


def downgrade() -> None:
    op.drop_constraint("uq_entries_user_id_title", "entries", type_="unique")
