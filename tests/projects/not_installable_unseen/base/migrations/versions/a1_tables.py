"""tables, with types of everywhere"""
import library_that_nobody_can_have.types
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shop.models import Money

revision = "a1"
down_revision = None

kind = postgresql.ENUM("new", "paid", name="kind")


def upgrade():
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", kind, nullable=False),
        sa.Column("data", postgresql.JSONB, server_default=sa.text("'{}'::jsonb")),
        sa.Column("total", Money(precision=2), nullable=False),
        sa.Column("vector", library_that_nobody_can_have.types.Vector(3)),
        sa.Column("label", sa.String(20)),
    )


def downgrade():
    op.drop_table("orders")
    kind.drop(op.get_bind())
