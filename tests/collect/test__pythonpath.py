"""Where the project's own packages stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect._pythonpath import folders
from gate.facts.history import Project

CASES = [
    ({"m/env.py": ""}, Project("p", script_location="m"), (), (".",)),
    (
        {"src/shop/m/env.py": "", "src/shop/__init__.py": ""},
        Project("p", script_location="src/shop/m"),
        (),
        ("src", "."),
    ),
    (
        {"backend/app/m/env.py": "", "backend/app/__init__.py": ""},
        Project("p", script_location="backend/app/m", directory="backend"),
        (),
        ("backend",),
    ),
    (
        {"db/m/env.py": "from models import Base\n", "models.py": ""},
        Project("p", script_location="db/m", directory="db"),
        (),
        ("db", "."),
    ),
    ({"m/env.py": "", "libs/a/x.py": ""}, Project("p", script_location="m"), ("libs/a", "gone"), ("libs/a", ".")),
    ({"alembic/env.py": "", "alembic/__init__.py": ""}, Project("p", script_location="alembic"), (), ()),
    (
        {
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
            "packages/a/src/a/x.py": "",
            "packages/b/b/x.py": "",
            "m/env.py": "",
        },
        Project("p", script_location="m"),
        (),
        ("packages/a/src", "packages/b", "."),
    ),
]


@pytest.mark.parametrize(("files", "project", "said", "expected"), CASES)
def test_folders_for_sys_path(
    tmp_path: Path, files: dict[str, str], project: Project, said: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """Settings first, then src, packages above the scripts, workspace members; never a folder that hides Alembic."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert folders(tmp_path, project, said) == expected
