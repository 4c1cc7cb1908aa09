"""create orders

Intent: keep what customers order.
Risk: none, the table is new.
Rollback: drops orders with every row.

Revision ID: 20261102090000
Revises:
Create Date: 2026-11-02 09:00:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "20261102090000"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
    )


def downgrade() -> None:
    op.drop_table("orders")
