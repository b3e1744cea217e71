from alembic import context
from sqlalchemy import create_engine, pool

import models

config = context.config
for name in config.get_main_option("databases").replace(" ", "").split(","):
    engine = create_engine(config.get_section_option(name, "sqlalchemy.url"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=models.metadata[name], upgrade_token="%s_upgrades" % name, downgrade_token="%s_downgrades" % name)
        with context.begin_transaction():
            context.run_migrations(engine_name=name)
