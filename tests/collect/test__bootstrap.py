"""Revisions that make tables from the models themselves."""

from __future__ import annotations

from gate.collect._bootstrap import made_by_models


def test_create_all_in_an_upgrade_and_nowhere_else() -> None:
    """Not in a downgrade, a comment, a string, or a file that is no Python."""
    sources = {
        "a.py": "def upgrade():\n    Base.metadata.create_all(op.get_bind())\n",
        "b.py": "def upgrade():\n    pass\n\n\ndef downgrade():\n    metadata.create_all(bind)\n",
        "c.py": "# create_all(\nTEXT = 'create_all()'\n",
        "d.py": "def upgrade(:\n    create_all()\n",
    }
    assert made_by_models(sources) == ("a.py",)
