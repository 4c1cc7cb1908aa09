"""How Alembic reaches the database: on the service's own engine, with headgate's guards."""

from __future__ import annotations

from logging.config import fileConfig

from alembic import context

from backend.src.core.database import get_engine
from backend.src.models import Base
from headgate.apply import guard

if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)


def run_migrations_offline() -> None:
    """Print the SQL instead of running it (`alembic upgrade head --sql`). No server is needed."""
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True, **guard.options())
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Run on one connection: short lock waits, a limit for each statement, one deployment at a time."""
    engine = guard.comparison_engine(context, get_engine())
    with guard.connect(engine, lock_timeout="2s", statement_timeout="15min", deploy_lock_wait=60) as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, **guard.options())
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
