"""Which files decide the base's schema: what revisions and env.py import from the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect._snapshot import imported
from tests.running import gate, repository, revision, write

FILES = dict.fromkeys(
    ("app/__init__.py", "app/models.py", "app/types/__init__.py", "app/types/money.py", "helpers.py"), "blob"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import sqlalchemy as sa\nfrom alembic import op\n", set()),
        ("import helpers  # ours\n", {"helpers.py"}),
        ("import app.models, helpers\n", {"app/__init__.py", "app/models.py", "helpers.py"}),
        ("from app import models as m\n", {"app/__init__.py", "app/models.py"}),
        (
            "from app.types import (\n    money,\n)\n",
            {"app/__init__.py", "app/types/__init__.py", "app/types/money.py"},
        ),
        ("from app \\\n    import models\n", {"app/__init__.py", "app/models.py"}),
        ("from app.types import *\n", {"app/__init__.py", "app/types/__init__.py"}),
        ("x = 1; import helpers\n", {"helpers.py"}),
        ("def upgrade():\n    from app import models\n", {"app/__init__.py", "app/models.py"}),
        ("if True: import helpers\n", {"helpers.py"}),
        ('"""We import helpers here."""\nfrom app import models\n', {"app/__init__.py", "app/models.py"}),
        (
            "from . import sibling\nfrom ..app import models\n",
            {"app/__init__.py", "app/models.py", "versions/sibling.py"},
        ),
        ("import helpers\ndef broken(:\n", {"helpers.py"}),
    ],
)
def test_every_way_to_import_is_seen(text: str, found: set[str]) -> None:
    """Plain lines are read by themselves; whatever else there is goes through the parser."""
    files = {**FILES, "versions/sibling.py": "blob"}
    assert set(imported(text, "versions/x.py", ("",), files)) == found


TABLE = 'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String({})))'
MODELS = """\
import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)){})
"""
ADD = 'op.add_column("t", sa.Column("age", sa.Integer))'


@pytest.mark.parametrize(
    "edited",
    [
        {"migrations/versions/a.py": revision("a", None, TABLE.format(40))},
        {"migrations/sizes.py": "NAME = 40\n"},
        {"migrations/sizes.txt": "40"},
    ],
    ids=["the revision itself", "what it imports", "what it reads"],
)
def test_a_base_that_was_edited_here_is_kept_for_no_later_run(tmp_path: Path, edited: dict[str, str]) -> None:
    """Taking the edit back gives what the base gives: nothing differs from the models."""
    body = {
        "migrations/versions/a.py": TABLE.format(20),
        "migrations/sizes.py": "from migrations.sizes import NAME\n" + TABLE.format("NAME"),
        "migrations/sizes.txt": TABLE.format('int(open("migrations/sizes.txt").read())'),
    }
    base = {
        "a": revision("a", None, body[next(iter(edited))]),
        "migrations/sizes.py": "NAME = 20\n",
        "migrations/sizes.txt": "20",
    }
    models = MODELS.format(', sa.Column("age", sa.Integer)')
    repo = repository(
        tmp_path / "r", base, {"b": revision("b", "a", ADD), "models.py": models}, models=MODELS.format("")
    )
    before = {name: (repo / name).read_text() for name in edited}
    environ, only = {"ALEMBIC_GATE_CACHE": str(tmp_path / "cache")}, ("--only", "models-match")
    write(repo, edited)
    assert "was edited here" in gate(repo, *only, environ=environ).project["snapshot"]["reason"]
    write(repo, before)
    done = gate(repo, *only, environ=environ)
    assert (done.code, done.findings(), done.project["snapshot"]["used"]) == (0, [], False)
    # A revision that reads a file may read any: the models are edited here, so nothing is kept.
    kept = gate(repo, *only, environ=environ).project["snapshot"]["used"]
    assert kept is (next(iter(edited)) != "migrations/sizes.txt")
