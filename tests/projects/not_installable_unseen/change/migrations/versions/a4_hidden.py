"""a helper that nobody has, beside a statement that is fine"""
import sqlalchemy as sa
from alembic import op

from shop.models import Money, rebuild_everything

revision = "a4"
down_revision = "a3"


def upgrade():
    op.execute("SET lock_timeout = '2s'")
    op.execute("SET statement_timeout = '10s'")
    op.add_column("orders", sa.Column("tax", Money()))
    rebuild_everything(op.get_bind())


def downgrade():
    op.drop_column("orders", "tax")
