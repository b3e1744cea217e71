"""Where every start of the application upgrades the database: several replicas then migrate at the same time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_UPGRADE = re.compile(r"\b(?:alembic\b[^\n&;|]*\bupgrade|(?:flask|python\S*\s+\S+)\s+db\s+upgrade)\b")
_SERVES = re.compile(
    r"\b(?:exec|uvicorn|gunicorn|hypercorn|daphne|granian|waitress|flask\s+run|fastapi\s+run|uwsgi|celery)\b"
)
_LOCKED = re.compile(r"pg_(?:try_)?advisory|GET_LOCK|flock\b", re.IGNORECASE)
_SCRIPTS = (
    "entrypoint*",
    "docker-entrypoint*",
    "start*",
    "prestart*",
    "run*.sh",
    "boot*.sh",
    "Procfile",
    "Dockerfile*",
)
_FOLDERS = (".", "docker", "scripts", "bin", "deploy", "k8s", "kubernetes", "backend", "app")


def places(repo: Path) -> tuple[str, ...]:
    """``path:line`` of each place, as far as plain files in the usual folders tell."""
    return tuple(dict.fromkeys(_places(repo)))[:10]


def _places(repo: Path) -> Iterator[str]:
    for folder in _FOLDERS:
        for pattern in (*_SCRIPTS, "*compose*.y*ml", "*deployment*.y*ml"):
            for path in sorted((repo / folder).glob(pattern)):
                if path.is_file() and path.stat().st_size < 200_000:
                    yield from _in_file(repo, path)


def _in_file(repo: Path, path: Path) -> Iterator[str]:
    """An upgrade on one line with a server, or in a script that goes on to serve; not where a lock is taken."""
    lines = path.read_text("utf-8", "replace").splitlines()
    script = path.suffix in ("", ".sh") and not path.name.startswith(("Dockerfile", "Procfile"))
    for number, line in enumerate(lines, 1):
        found = _UPGRADE.search(line)
        if not found or line.lstrip().startswith("#"):
            continue
        after = "\n".join([line[found.end() :], *lines[number:]]) if script else line[found.end() :]
        if _SERVES.search(after) and not _LOCKED.search("\n".join(lines)):
            yield f"{path.relative_to(repo).as_posix()}:{number}"
