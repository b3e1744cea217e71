"""change"""

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    from models import Base
    
    Base.metadata.create_all(op.get_bind())


def downgrade():
    op.drop_table("accounts")
