"""a data migration through the models, a look at the database, and a batch"""
import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

from shop.models import Order

revision = "a2"
down_revision = "a1"


def upgrade():
    bind = op.get_bind()
    if "note" not in {column["name"] for column in sa.inspect(bind).get_columns("orders")}:
        with op.batch_alter_table("orders") as batch:
            batch.add_column(sa.Column("note", sa.Text))
    orders = sa.table("orders", sa.column("id"), sa.column("note"))
    op.execute(orders.update().values(note="none"))
    for row in bind.execute(sa.text("SELECT id FROM orders")):
        bind.execute(orders.update().where(orders.c.id == row.id).values(note="one"))
    session = Session(bind=bind)
    for order in session.query(Order).filter(Order.total > 0):
        order.note = order.describe()


def downgrade():
    op.drop_column("orders", "note")
