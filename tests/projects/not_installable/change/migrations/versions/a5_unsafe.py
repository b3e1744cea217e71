"""a column that the rows do not have"""
import sqlalchemy as sa
from alembic import op

revision = "a5"
down_revision = "a4"


def upgrade():
    op.add_column("sessions", sa.Column("address", sa.Text, nullable=False))
    op.alter_column("orders", "note", existing_type=sa.Text, nullable=False)


def downgrade():
    op.alter_column("orders", "note", existing_type=sa.Text, nullable=True)
    op.drop_column("sessions", "address")
