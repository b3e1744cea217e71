"""orders"""

import sqlalchemy as sa
from alembic import op

revision = "b1"
down_revision = None
branch_labels = ("orders",)
depends_on = ("a1",)


def upgrade():
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(200), nullable=False),
    )


def downgrade():
    op.drop_table("orders")
