"""change"""

import sqlalchemy as sa
from alembic import op

revision = "z1"
down_revision = "a1"


def upgrade():
    pass


def downgrade():
    pass
