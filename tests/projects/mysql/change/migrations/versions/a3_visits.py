"""visits"""

import sqlalchemy as sa
from alembic import op

revision = "a3"
down_revision = "a2"


def upgrade():
    op.alter_column(
        "accounts", "visits", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False,
        existing_server_default="0",
    )


def downgrade():
    op.alter_column(
        "accounts", "visits", existing_type=sa.BigInteger(), type_=sa.Integer(), existing_nullable=False,
        existing_server_default="0",
    )
