"""How a Flask-Migrate project is entered: the application's ``module:name``, found in files without importing them.

Order: what says it (``FLASK_APP`` in ``.flaskenv``, ``.env``, Dockerfiles, compose and workflow files), then Flask's
own look-up (``wsgi.py``, ``app.py``: https://flask.palletsprojects.com/en/stable/cli/#application-discovery), then the
code.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from gate.collect._project_files import FOREIGN, text_of

_SAID = re.compile(r"""(?:FLASK_APP["']?\s*[=:]\s*|\s--app[ =])["']?(?P<entry>[\w./]+(?::\w+(?:\([^)\n]*\))?)?)""")
_PLACES = (
    ".flaskenv",
    ".env",
    "Dockerfile*",
    "docker-compose*.y*ml",
    "compose*.y*ml",
    "Makefile",
    "Procfile",
    ".github/workflows/*.y*ml",
    "*.sh",
    ".env.*",
    "*.toml",
)
_FACTORIES = ("create_app", "make_app")
_APPLICATIONS = ("app", "application")
DEEPEST = 3  # folders below the project's own; applications further down are not at its entrance


def is_flask(env_file: Path) -> bool:
    """Is this Flask-Migrate's ``env.py``? Its mark is that it asks the current application for its engine."""
    text = text_of(env_file) or ""
    return "current_app" in text and "flask" in text


def find(repo: Path, directory: Path) -> str | None:
    """The application as ``flask --app`` takes it, or None: then Flask's own look-up decides."""
    for place in dict.fromkeys((directory, repo)):
        for said in _said(place):
            if _exists(said, directory):
                return said
    if any((directory / name).is_file() for name in ("wsgi.py", "app.py")):
        return None
    return next(_in_code(directory), None)


def _said(folder: Path) -> Iterator[str]:
    for pattern in _PLACES:
        for path in sorted(folder.glob(pattern)):
            for match in _SAID.finditer(text_of(path) or ""):
                yield match["entry"].rstrip(".")


def _exists(entry: str, directory: Path) -> bool:
    module = entry.partition(":")[0]
    path = module if module.endswith(".py") else module.replace(".", "/")
    return any(
        (root / name).exists()
        for root in (directory, directory / "src")
        for name in (path, f"{path}.py", f"{path}/__init__.py")
    )


def _in_code(directory: Path) -> Iterator[str]:
    """Modules with an application or a factory, those next to the entrance first, applications before factories."""
    found: list[tuple[int, bool, str]] = []
    for path in _modules(directory):
        names = _names(path)
        parts = path.relative_to(directory).with_suffix("").parts
        module = ".".join(part for part in parts if part not in ("__init__", "src"))
        name = next((one for one in (*_APPLICATIONS, *_FACTORIES) if one in names), None)
        if name and module:
            found.append((len(parts), name in _FACTORIES, f"{module}:{name}"))
    yield from (entry for _, _, entry in sorted(found))


def _modules(directory: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(directory):
        deep = len(Path(here).relative_to(directory).parts)
        usual = [
            one
            for one in folders
            if not one.startswith(".") and one not in FOREIGN and one not in ("tests", "test", "docs")
        ]
        folders[:] = sorted(usual) if deep < DEEPEST else []
        for name in sorted(names):
            if name.endswith(".py") and "flask" in (text_of(Path(here, name)) or "").lower():
                yield Path(here, name)


def _names(path: Path) -> set[str]:
    """Applications and factories on the module's top level."""
    try:
        tree = ast.parse(text_of(path) or "")
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in _FACTORIES}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _makes_application(node.value):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _makes_application(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in ("Flask", "Connexion", "FlaskApp", *_FACTORIES)
