"""a table that only the application makes"""
import sqlalchemy as sa
from alembic import op

from shop import settings

revision: str = "a3"
down_revision = "a2"
for name in settings.names["all"]:
    print(name)


def upgrade():
    op.add_column("sessions", sa.Column("ends", sa.DateTime))


def downgrade():
    op.drop_column("sessions", "ends")
