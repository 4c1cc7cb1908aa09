"""index current entries of a user

Intent: Serve the page of a user's newest entries; archived ones are not in it, so the index is partial.
Risk: Reads entries twice while writers go on; takes as long as that takes, and waits for older transactions.
Rollback: Drops the index, again without stopping writers; the page becomes slow, nothing is lost.

Revision ID: 20261012101500
Revises: 20261008143000
Create Date: 2026-10-12 10:15:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261012101500"
down_revision = "20261008143000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # CONCURRENTLY is refused inside a transaction.
    with op.get_context().autocommit_block():
        # A build that was interrupted leaves an INVALID index of this name behind, and a second try would fail on it.
        op.drop_index("ix_entries_current", table_name="entries", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            "ix_entries_current",
            "entries",
            ["user_id", "created_at", "id"],
            postgresql_where=sa.text("NOT is_archived"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_entries_current", table_name="entries", if_exists=True, postgresql_concurrently=True)
