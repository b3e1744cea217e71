"""A small project and the means to judge variants of it: files in, one answer out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gate.collect.image import collect
from gate.collect.projects import find_projects
from gate.context import RunContext
from gate.facts.image import ImageAnswer, ImageFacts
from gate.settings import Settings

INI = "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"
PROJECT: Mapping[str, str] = {
    "alembic.ini": INI,
    "migrations/env.py": "from alembic import context\nfrom app.models import Base\n",
    "migrations/script.py.mako": "",
    "migrations/versions/0001_a.py": 'revision = "a1"\ndown_revision = None\ndef upgrade(): pass\n',
    "migrations/versions/0002_b.py": 'revision = "b2"\ndown_revision = "a1"\ndef upgrade(): pass\n',
    "app/__init__.py": "",
    "app/models.py": "Base = 1\n",
}
REVISIONS = ("migrations/versions/0001_a.py", "migrations/versions/0002_b.py")


def write(root: Path, files: Mapping[str, str | None]) -> None:
    """Write files; a name that ends in ``@`` is a symbolic link, None leaves a file of the project out."""
    for name, text in files.items():
        path = root / name.removesuffix("@")
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            continue
        if name.endswith("@"):
            path.symlink_to(text)
        else:
            path.write_text(text, "utf-8")


def facts(root: Path, files: Mapping[str, str | None], base: Mapping[str, str] = PROJECT, **said: Any) -> ImageFacts:
    """What the collector says of the project with these files."""
    write(root, {name: text for name, text in {**base, **files}.items() if text is not None})
    settings = Settings(repo=str(root), **said)
    with contextlib.ExitStack() as stack:
        project = find_projects(settings)[0]
        return collect(RunContext(settings, project, root, stack, lambda text: None, lambda kind: None), project)


def answer(root: Path, files: Mapping[str, str | None], base: Mapping[str, str] = PROJECT, **said: Any) -> ImageAnswer:
    """The deciding image."""
    found = facts(root, files, base, **said).decides
    assert found is not None
    return found


def short(found: ImageAnswer) -> tuple[str, str | None, str | None, int | None]:
    """What a case compares: verdict, reason, and the deciding place of what is broken."""
    if found.verdict != "broken":
        return found.verdict, None, None, None
    return found.verdict, found.reason, found.path, found.line
