"""Running revisions without the project's environment: what they import."""

from __future__ import annotations

from gate.collect._offline import TEMPLATE, env_options, imported


def test_what_revisions_import_of_others() -> None:
    """Libraries and the project's own modules; not the standard library, not Alembic, not SQLAlchemy."""
    text = (
        "import json\nimport sqlalchemy as sa\nimport pgvector.sqlalchemy\nfrom alembic import op\nfrom "
        "shop.types import Money, Name\nfrom . import x\n"
    )
    assert list(imported([text, "def broken(:\n"])) == ["pgvector.sqlalchemy", "shop.types:Money", "shop.types:Name"]


def test_the_stand_in_is_python_and_has_its_place_for_names() -> None:
    """The names are written into it as a literal."""
    text = TEMPLATE.read_text("utf-8")
    assert text.count("IMPORTED = []") == 1
    compile(text, "env.py", "exec")


def test_what_env_py_says_about_transactions_counts() -> None:
    """Written as a constant; everything else is the project's to compute and not taken."""
    text = "context.configure(transaction_per_migration=True, transactional_ddl=x, compare_type=True)"
    assert env_options(text) == {"transaction_per_migration": True}
    assert env_options("def broken(:") == {}
