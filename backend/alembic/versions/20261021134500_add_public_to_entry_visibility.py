"""add public to entry_visibility

Intent: Let an entry be read by everybody.
Risk: None for the rows. Code from before this revision does not know the value: deploy readers of it first.
Rollback: Rewrites entries under ACCESS EXCLUSIVE, as an enum cannot lose a value; public rows become private.

Revision ID: 20261021134500
Revises: 20261016090000
Create Date: 2026-10-21 13:45:00+00:00
"""

from __future__ import annotations

from alembic import op

revision = "20261021134500"
down_revision = "20261016090000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Outside the transaction, because a new value cannot be used before it is committed.
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE entry_visibility ADD VALUE IF NOT EXISTS 'public' AFTER 'shared'")


def downgrade() -> None:
    # The type is made anew beside the old one. Private and not shared: a rollback must not show an entry to anybody
    # who could not read it before.
    op.execute("ALTER TYPE entry_visibility RENAME TO entry_visibility_with_public")
    op.execute("CREATE TYPE entry_visibility AS ENUM ('private', 'shared')")
    op.execute("ALTER TABLE entries ALTER COLUMN visibility DROP DEFAULT")
    op.execute(
        "ALTER TABLE entries ALTER COLUMN visibility TYPE entry_visibility"
        " USING (CASE visibility WHEN 'public' THEN 'private' ELSE visibility::text END)::entry_visibility"
    )
    op.execute("ALTER TABLE entries ALTER COLUMN visibility SET DEFAULT 'private'")
    op.execute("DROP TYPE entry_visibility_with_public")
