"""authors

Revision ID: 0002
Revises: 0001
Create Date: 2026-03-20 10:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "authors",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
    )
    with op.batch_alter_table("books") as batch:
        batch.add_column(sa.Column("author_id", sa.Integer()))
        batch.create_foreign_key("fk_books_author", "authors", ["author_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("books") as batch:
        batch.drop_constraint("fk_books_author", type_="foreignkey")
        batch.drop_column("author_id")
    op.drop_table("authors")
