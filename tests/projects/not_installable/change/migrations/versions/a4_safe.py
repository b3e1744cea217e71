"""nothing to be said against it"""
import sqlalchemy as sa
from alembic import op

revision = "a4"
down_revision = "a3"


def upgrade():
    op.execute("SET lock_timeout = '2s'")
    op.execute("SET statement_timeout = '10s'")
    op.add_column("sessions", sa.Column("agent", sa.Text))
    op.add_column("orders", sa.Column("agent", sa.Text))
    op.alter_column("orders", "label", type_=sa.String(40), existing_type=sa.String(20))


def downgrade():
    op.alter_column("orders", "label", type_=sa.String(20), existing_type=sa.String(40))
    op.drop_column("orders", "agent")
    op.drop_column("sessions", "agent")
