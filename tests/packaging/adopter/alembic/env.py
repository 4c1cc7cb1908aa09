"""Alembic's own template, without its comments: an adopter's env.py is used unchanged."""

from alembic import context
from models import Base
from sqlalchemy import engine_from_config, pool

engine = engine_from_config(context.config.get_section("alembic", {}), prefix="sqlalchemy.", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
