"""drop email"""

import sqlalchemy as sa
from alembic import op

revision = "a2"
down_revision = "a1"


def upgrade():
    op.drop_column("accounts", "email")


def downgrade():
    op.add_column("accounts", sa.Column("email", sa.String(200)))
