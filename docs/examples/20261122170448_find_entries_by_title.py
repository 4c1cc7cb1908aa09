"""find entries by title

Intent: The search looks an entry up by its title.
Risk: Builds an index on entries.
Rollback: Drops the index.

Revision ID: 20261122170448
Revises: 20261116140000
Create Date: 2026-11-22 17:04:48+00:00
"""

from __future__ import annotations

from alembic import op

revision = "20261122170448"
down_revision = "20261116140000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_entries_title", "entries", ["title"])


def downgrade() -> None:
    op.drop_index("ix_entries_title", table_name="entries")
