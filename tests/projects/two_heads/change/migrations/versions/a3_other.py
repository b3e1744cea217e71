"""change"""

import sqlalchemy as sa
from alembic import op

revision = "a3"
down_revision = "a1"


def upgrade():
    op.add_column("accounts", sa.Column("phone", sa.String(200)))


def downgrade():
    pass
