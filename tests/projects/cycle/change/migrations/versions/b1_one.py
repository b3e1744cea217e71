"""change"""

import sqlalchemy as sa
from alembic import op

revision = "b1"
down_revision = "b2"


def upgrade():
    pass


def downgrade():
    pass
