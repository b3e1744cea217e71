"""The schema over which the rules' examples run, as the body of the base revision."""

BASE = """\
op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("name", sa.String(50), nullable=False),
    sa.Column("email", sa.String(100)), sa.Column("age", sa.Integer()),
    sa.Column("state", sa.String(20), nullable=False, server_default="new"))
op.create_index("ix_users_email", "users", ["email"])
op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("user_id", sa.Integer()),
    sa.Column("amount", sa.Numeric(10, 2)), sa.Column("note", sa.Text()), sa.Column("state", sa.String(20)),
    sa.Column("created_at", sa.DateTime()))
op.create_table("items", sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("order_id", sa.Integer(), sa.ForeignKey("orders.id", name="fk_items_order", ondelete="CASCADE")),
    sa.Column("label", sa.String(50)))
op.create_index("ix_items_order_id", "items", ["order_id"])
op.create_table("logs", sa.Column("code", sa.String(20)), sa.Column("text", sa.Text()))
"""
POSTGRESQL = """\
op.execute("CREATE TYPE mood AS ENUM ('happy', 'sad')")
op.execute("ALTER TABLE users ADD COLUMN mood mood")
op.execute("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)")
op.execute("CREATE DOMAIN plain_text AS text")
op.execute("CREATE TABLE prices (id int PRIMARY KEY, amount positive)")
op.execute("CREATE TABLE notes (id int PRIMARY KEY, user_id int REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)")
op.execute("CREATE VIEW active_users AS SELECT id, name FROM users")
op.execute("CREATE MATERIALIZED VIEW user_stats AS SELECT state, count(*) AS n FROM users GROUP BY state")
op.execute("CREATE UNIQUE INDEX ux_user_stats ON user_stats (state)")
op.execute("CREATE TABLE events (id int NOT NULL, at date) PARTITION BY RANGE (id)")
op.execute("CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (1000)")
op.execute("CREATE TABLE old_events (id int NOT NULL, at date)")
op.execute("CREATE SCHEMA audit")
op.execute("CREATE TABLE audit.events (id int PRIMARY KEY, what text)")
if op.get_bind().dialect.server_version_info >= (12,):
    op.execute("CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler")
"""
MODELS = """\
import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(50), nullable=False)


metadata = sa.MetaData()
"""
