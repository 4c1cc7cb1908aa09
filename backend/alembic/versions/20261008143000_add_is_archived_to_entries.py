"""add is_archived to entries

Intent: Let an entry leave the list without being deleted.
Risk: Small: a constant server default is stored once, so no row is rewritten; ACCESS EXCLUSIVE for a moment.
Rollback: Drops the column; which entries were archived is lost.

Revision ID: 20261008143000
Revises: 20261005091200
Create Date: 2026-10-08 14:30:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261008143000"
down_revision = "20261005091200"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The server default gives every existing row a value; without it NOT NULL fails on the first row.
    op.add_column("entries", sa.Column("is_archived", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("entries", "is_archived")
