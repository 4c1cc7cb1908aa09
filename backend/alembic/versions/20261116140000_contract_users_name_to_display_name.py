"""contract users.name to display_name

Intent: Last step of the rename: only display_name is left.
Risk: Code that still reads or writes users.name fails at once: deploy this after the last of it has stopped.
Rollback: Brings users.name back with its values, filled in batches, and keeps both columns the same again.

Revision ID: 20261116140000
Revises: 20261110090000
Create Date: 2026-11-16 14:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261116140000"
down_revision = "20261110090000"
branch_labels = None
depends_on = None

# Keeps both columns the same whichever of them a statement writes, for as long as both versions of the code run.
SYNC_FUNCTION = """
CREATE OR REPLACE FUNCTION users_sync_display_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.display_name := coalesce(NEW.display_name, NEW.name);
        NEW.name := NEW.display_name;
    ELSIF NEW.display_name IS DISTINCT FROM OLD.display_name THEN
        NEW.name := NEW.display_name;
    ELSIF NEW.name IS DISTINCT FROM OLD.name THEN
        NEW.display_name := NEW.name;
    ELSE
        NEW.display_name := coalesce(NEW.display_name, NEW.name);
    END IF;
    RETURN NEW;
END
$$
"""
SYNC_TRIGGER = """
CREATE OR REPLACE TRIGGER users_sync_display_name BEFORE INSERT OR UPDATE ON users
FOR EACH ROW EXECUTE FUNCTION users_sync_display_name()
"""

BATCH = sa.text(
    "UPDATE users SET name = display_name"
    " WHERE id IN (SELECT id FROM users WHERE id > :after AND name = '' ORDER BY id LIMIT 1000)"
    " RETURNING id"
)


def upgrade() -> None:
    # No scan: the validated check proves it. https://www.postgresql.org/docs/current/sql-altertable.html
    op.alter_column("users", "display_name", nullable=False)
    op.drop_constraint(op.f("ck_users_display_name_present"), "users", type_="check")
    # headgate: allow trigger-changed because it kept users.name in step, which goes with it
    op.execute("DROP TRIGGER users_sync_display_name ON users")
    op.execute("DROP FUNCTION users_sync_display_name()")
    # headgate: allow drop-column because no code reads it since the last release, and display_name has the same values
    op.drop_column("users", "name")


def downgrade() -> None:
    # Each step may have been done already, by a rollback that was stopped in its batches.
    # NOT NULL without a scan: the default is stored once for the rows that exist, and taken away again at once.
    op.execute("ALTER TABLE users ADD COLUMN IF NOT EXISTS name text DEFAULT '' NOT NULL")
    op.alter_column("users", "name", server_default=None)
    op.execute(SYNC_FUNCTION)
    op.execute(SYNC_TRIGGER)
    op.execute("ALTER TABLE users DROP CONSTRAINT IF EXISTS ck_users_display_name_present")
    op.create_check_constraint(
        op.f("ck_users_display_name_present"), "users", "display_name IS NOT NULL", postgresql_not_valid=True
    )
    op.alter_column("users", "display_name", nullable=True)
    with op.get_context().autocommit_block():
        if op.get_context().as_sql:
            op.execute("UPDATE users SET name = display_name WHERE name = ''")
        else:
            backfill()
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_display_name_present")


def backfill() -> None:
    """Fill what is empty, by key; a second run finds nothing to do."""
    after: int | None = 0
    while after is not None:
        after = max(op.get_bind().scalars(BATCH, {"after": after}), default=None)
