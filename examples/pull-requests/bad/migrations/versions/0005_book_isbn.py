"""every book has an ISBN

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-20 09:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("books", sa.Column("isbn", sa.String(13), nullable=False))


def downgrade() -> None:
    op.drop_column("books", "isbn")
