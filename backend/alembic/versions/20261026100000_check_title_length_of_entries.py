"""check title length of entries

Intent: From now on a title is neither blank nor longer than 200 characters, whoever writes it.
Risk: Small: NOT VALID checks new and changed rows only; an update of an older row with a bad title fails.
Rollback: Drops the check; any title can be written again.

Revision ID: 20261026100000
Revises: 20261021134500
Create Date: 2026-10-26 10:00:00+00:00
"""

from __future__ import annotations

from alembic import op

revision = "20261026100000"
down_revision = "20261021134500"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_check_constraint(
        op.f("ck_entries_title_length"),
        "entries",
        "length(btrim(title)) BETWEEN 1 AND 200",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_entries_title_length"), "entries", type_="check")
