from alembic import context

from shop import settings
from shop.models import Base

engine = settings.engine()
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
