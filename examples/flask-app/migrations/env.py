"""Alembic's environment: online only, with the URL that the application set."""

from logging.config import fileConfig

from alembic import context
from sqlalchemy import create_engine, pool

from bookshop.models import Base

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def run_migrations() -> None:
    engine = create_engine(config.get_main_option("sqlalchemy.url", "sqlite:///bookshop.db"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
