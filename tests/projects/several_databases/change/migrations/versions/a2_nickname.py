"""change"""

import sqlalchemy as sa
from alembic import op

revision = "a2"
down_revision = "a1"


def upgrade(engine_name):
    globals()["upgrade_%s" % engine_name]()


def downgrade(engine_name):
    globals()["downgrade_%s" % engine_name]()


def upgrade_accounts():
    op.add_column("accounts", sa.Column("nickname", sa.String(200)))


def downgrade_accounts():
    op.drop_column("accounts", "nickname")


def upgrade_orders():
    pass


def downgrade_orders():
    pass
