"""accounts"""

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    op.create_table("shops", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("shop_id", sa.Integer, sa.ForeignKey("shops.id")),
    )


def downgrade():
    op.drop_table("accounts")
    op.drop_table("shops")
