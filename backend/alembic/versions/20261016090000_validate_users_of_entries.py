"""validate users of entries

Intent: Prove the foreign key for the rows that were there before it.
Risk: Fails when an entry has no user, and changes nothing then. Scans entries, but readers and writers go on.
Rollback: Puts the foreign key back as NOT VALID; no row changes.

Revision ID: 20261016090000
Revises: 20261015083000
Create Date: 2026-10-16 09:00:00+00:00
"""

from __future__ import annotations

from alembic import op

revision = "20261016090000"
down_revision = "20261015083000"
branch_labels = None
depends_on = None

# Asked before anything is changed: inv migrate.up refuses while it gives another number than 0.
preconditions = {
    "every entry has a user": "SELECT count(*) FROM entries WHERE user_id NOT IN (SELECT id FROM users)",
}


def upgrade() -> None:
    op.execute("ALTER TABLE entries VALIDATE CONSTRAINT fk_entries_user_id_users")


def downgrade() -> None:
    # Nothing makes a constraint unproven again except adding it anew.
    op.drop_constraint(op.f("fk_entries_user_id_users"), "entries", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_entries_user_id_users"),
        "entries",
        "users",
        ["user_id"],
        ["id"],
        ondelete="CASCADE",
        postgresql_not_valid=True,
    )
