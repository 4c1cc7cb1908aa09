"""validate title length of entries

Intent: Prove the check for the rows that were there before it.
Risk: Fails when an older title is blank or too long, and changes nothing then. Readers and writers go on.
Rollback: Puts the check back as NOT VALID; no row changes.

Revision ID: 20261027093000
Revises: 20261026100000
Create Date: 2026-10-27 09:30:00+00:00
"""

from __future__ import annotations

from alembic import op

revision = "20261027093000"
down_revision = "20261026100000"
branch_labels = None
depends_on = None

# Asked before anything is changed: inv migrate.up refuses while it gives another number than 0.
preconditions = {
    "every title has 1 to 200 characters": (
        "SELECT count(*) FROM entries WHERE length(btrim(title)) NOT BETWEEN 1 AND 200"
    ),
}


def upgrade() -> None:
    op.execute("ALTER TABLE entries VALIDATE CONSTRAINT ck_entries_title_length")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_entries_title_length"), "entries", type_="check")
    op.create_check_constraint(
        op.f("ck_entries_title_length"),
        "entries",
        "length(btrim(title)) BETWEEN 1 AND 200",
        postgresql_not_valid=True,
    )
