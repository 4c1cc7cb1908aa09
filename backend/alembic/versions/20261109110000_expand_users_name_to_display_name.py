"""expand users.name to display_name

Intent: Rename users.name in three steps, so that old and new code can run side by side. First step: both columns.
Risk: Small: a column without a default and a check that is NOT VALID scan nothing. Deploy new code after this.
Rollback: Drops display_name; users.name holds the same values, so nothing is lost.

Revision ID: 20261109110000
Revises: 20261103150000
Create Date: 2026-11-09 11:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261109110000"
down_revision = "20261103150000"
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


def upgrade() -> None:
    op.add_column("users", sa.Column("display_name", sa.Text(), nullable=True))
    op.execute(SYNC_FUNCTION)
    op.execute(SYNC_TRIGGER)
    # What SET NOT NULL will rely on later instead of a scan; the trigger sees to it that every write passes.
    op.create_check_constraint(
        op.f("ck_users_display_name_present"), "users", "display_name IS NOT NULL", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_users_display_name_present"), "users", type_="check")
    op.execute("DROP TRIGGER users_sync_display_name ON users")
    op.execute("DROP FUNCTION users_sync_display_name()")
    op.drop_column("users", "display_name")
