"""nickname"""

import sqlalchemy as sa
from alembic import op

revision = "a2"
down_revision = "a1"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(200)))


def downgrade():
    op.drop_column("accounts", "nickname")
