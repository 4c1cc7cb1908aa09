"""index entries for search

Intent: Find entries by the words in their title and body.
Risk: Reads entries twice while writers go on; a GIN index is slow to build. Each later write costs more.
Rollback: Drops the index, again without stopping writers; search becomes slow, nothing is lost.

Revision ID: 20261103150000
Revises: 20261027093000
Create Date: 2026-11-03 15:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261103150000"
down_revision = "20261027093000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # A build that was interrupted leaves an INVALID index of this name behind, and a second try would fail on it.
        op.drop_index("ix_entries_search", table_name="entries", if_exists=True, postgresql_concurrently=True)
        # On an expression: a generated column would rewrite the table under ACCESS EXCLUSIVE.
        op.create_index(
            "ix_entries_search",
            "entries",
            [sa.literal_column("to_tsvector('english', (title || ' ') || body)")],
            postgresql_using="gin",
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_entries_search", table_name="entries", if_exists=True, postgresql_concurrently=True)
