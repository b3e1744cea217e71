"""Names that only stubs stand in for: harmless as a column's type, unseen where they should do something."""

from __future__ import annotations

from gate.collect._stub_uses import imports, unseen

REVISION = """
import pgvector.sqlalchemy
import sqlalchemy as sa
from alembic import op
from shop.log import get_logger
from shop.types import Money, rebuild
from shop import settings as options

logger = get_logger(__name__)


def upgrade(money: Money = None) -> Money:
    total: Money
    op.add_column("orders", sa.Column("total", Money(2), default=Money.zero))
    op.alter_column("orders", "v", existing_type=pgvector.sqlalchemy.Vector(3))
    logger.info("adding")
    if options.fast:
        rebuild(op.get_bind())


def downgrade():
    rebuild(None)
"""


def test_a_type_is_harmless_a_call_and_a_condition_are_not() -> None:
    """Types, annotations, loggers and the way back say nothing about what an upgrade does."""
    stubbed = {"pgvector.sqlalchemy", "shop.log", "shop.types", "shop:settings"}
    assert unseen(REVISION, stubbed) == ((17, "options.fast"), (18, "rebuild"))


def test_what_is_installed_is_not_unseen() -> None:
    """Only what was stubbed counts."""
    assert unseen(REVISION, {"pgvector.sqlalchemy"}) == ()
    assert unseen("def broken(:", {"shop"}) == ()


def test_imports_by_their_local_names() -> None:
    """The first part of a dotted import is the local name; relative imports are left out."""
    assert list(imports("import a.b\nimport c.d as e\nfrom f import g as h\nfrom . import i\n")) == [
        ("a", "a.b", ""),
        ("e", "c.d", ""),
        ("h", "f", "g"),
    ]
