"""Starts Alembic from the application: the URL is set here, from the settings, not in alembic.ini."""

import click
from alembic import command
from alembic.config import Config
from flask import current_app
from flask.cli import with_appcontext


@click.command("migrate")
@with_appcontext
def migrate_command() -> None:
    """Upgrade the database to head."""
    config = Config("alembic.ini")
    config.set_main_option("sqlalchemy.url", current_app.config["DATABASE_URL"].replace("%", "%%"))
    command.upgrade(config, "head")
