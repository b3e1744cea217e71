"""Which files decide the base's schema: what revisions and env.py import from the repository."""

from __future__ import annotations

import pytest

from gate.collect._snapshot import imported

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
