"""every customer has a country

Revision ID: 0006
Revises: 0004
Create Date: 2026-11-20 11:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("customers") as batch:
        batch.add_column(sa.Column("country", sa.String(2), nullable=True))
    op.execute("UPDATE customers SET country = 'DE'")
    with op.batch_alter_table("customers") as batch:
        batch.alter_column("country", existing_type=sa.String(2), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("customers") as batch:
        batch.drop_column("country")
