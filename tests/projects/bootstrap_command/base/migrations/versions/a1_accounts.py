"""change"""

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    op.add_column("accounts", sa.Column("phone", sa.String(200)))


def downgrade():
    op.drop_column("accounts", "phone")
