"""change"""

import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "b1"


def upgrade():
    pass


def downgrade():
    pass
