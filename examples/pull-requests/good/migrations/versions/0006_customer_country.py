"""customers may have a country and take the newsletter

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-20 11:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("country", sa.String(2), nullable=True))
    op.add_column("customers", sa.Column("newsletter", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("customers", "newsletter")
    op.drop_column("customers", "country")
