"""The version table's place as env.py writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect._version_table import named
from gate.facts.history import Project


@pytest.mark.parametrize(
    ("env", "place"),
    [
        ("context.configure(connection=c)", (None, None)),
        ("context.configure(version_table='v', version_table_schema='s')", ("v", "s")),
        ("NAME = 'v'\ncontext.configure(version_table=NAME)", ("v", None)),
        ("options = {'version_table': 'v'}\ncontext.configure(**options)", ("v", None)),
        ("context.configure(version_table=computed())", (None, None)),
        ("def broken(:", (None, None)),
    ],
)
def test_names_are_read_without_running(tmp_path: Path, env: str, place: tuple[str | None, str | None]) -> None:
    """Texts, and names bound to texts; what is computed is not guessed."""
    (tmp_path / "env.py").write_text(env)
    assert named(tmp_path, Project("p", script_location=".")) == place
