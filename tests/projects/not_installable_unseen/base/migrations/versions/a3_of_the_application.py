"""a table that only the application makes"""
import sqlalchemy as sa
from alembic import op

revision = "a3"
down_revision = "a2"


def upgrade():
    op.add_column("sessions", sa.Column("ends", sa.DateTime))


def downgrade():
    op.drop_column("sessions", "ends")
