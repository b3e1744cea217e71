from pathlib import Path

from alembic.config import Config


def alembic_config():
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", "sqlite:///app.db")
    return config
