"""Application models used in a revision."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "live-model-import"
UNSAFE = [
    (
        deploy("SELECT 1", source="from app.models import User\ndef upgrade():\n    session.query(User).all()\n"),
        ["warning hygiene - c1"],
    ),
    (
        deploy(
            "SELECT 1",
            source="from app.models import User\ndef upgrade():\n    op.execute(User.__table__.update().values(a=1))\n",
        ),
        ["warning hygiene - c1"],
    ),
    (
        deploy("SELECT 1", source="import app.models\ndef upgrade():\n    bind.execute(sa.select(app.models.User))\n"),
        ["warning hygiene - c1"],
    ),
    (
        deploy(
            "SELECT 1",
            source="from app.models import metadata\ndef upgrade():\n    metadata.create_all(op.get_bind())\n",
        ),
        ["warning hygiene - c1"],
    ),
    (
        deploy(
            "SELECT 1", source="from app.models import labels\ndef upgrade():\n    op.bulk_insert(labels, [{'a': 1}])\n"
        ),
        ["warning hygiene - c1"],
    ),
    (
        deploy("SELECT 1", source="from app.models import labels\ndef upgrade():\n    op.execute(labels.delete())\n"),
        ["warning hygiene - c1"],
    ),
    (
        deploy(
            "SELECT 1",
            source="from app.models import User\n"
            "async def _fill(c):\n    _rows(c)\n"
            "def _rows(session):\n    return session.query(User).all()\n"
            "def upgrade():\n    op.run_async(_fill)\n",
        ),
        ["warning hygiene - c1"],
    ),
]
SAFE = [
    deploy(
        "SELECT 1",
        source="from app.models import User\n"
        "def _back(session):\n    session.query(User)\n"
        "def upgrade():\n    _more()\n"
        "def _more():\n    _more()\n"
        "def downgrade():\n    _back(op.get_bind())\n",
    ),
    deploy(
        "SELECT 1",
        source='from app.models import KINDS\ndef upgrade():\n    op.create_table("a", sa.Column("x", sa.Enum(*KINDS)))\n',
    ),
    deploy("SELECT 1", source="def upgrade():\n    kind = sa.Enum()\n    kind.create(op.get_bind())\n"),
    deploy(
        "SELECT 1",
        source='from app.models.types import GUID\ndef upgrade():\n    op.add_column("users", sa.Column("x", GUID))\n',
    ),
    deploy(
        "SELECT 1",
        source="from app.models import User\ndef upgrade():\n    pass\ndef downgrade():\n    session.query(User)\n",
    ),
    deploy(
        "SELECT 1",
        source='import sqlalchemy as sa\ndef upgrade():\n    u = sa.table("users")\n    op.execute(sa.update(u))\n',
    ),
    deploy("SELECT 1", source="not python ("),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
