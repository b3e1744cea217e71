"""The name and the schema of Alembic's version table, as ``env.py`` writes them, read without running it.

``context.configure(version_table=..., version_table_schema=...)``; a name bound to a text in the same file is followed.
https://alembic.sqlalchemy.org/en/latest/api/runtime.html#alembic.runtime.environment.EnvironmentContext.configure
"""

from __future__ import annotations

import ast
from pathlib import Path

from gate.collect import _contents
from gate.facts.history import Project

_KEYS = ("version_table", "version_table_schema")


def named(repo: Path, project: Project) -> tuple[str | None, str | None]:
    """Name and schema where ``env.py`` gives them as texts, else None."""
    if not project.script_location:
        return None, None
    file = repo / project.script_location / "env.py"
    try:
        tree = ast.parse(_contents.read(file))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None, None
    bound = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    said: dict[str, str] = {}
    for node in ast.walk(tree):
        for key, value in _pairs(node):
            text = (
                value.value
                if isinstance(value, ast.Constant)
                else bound.get(value.id)
                if isinstance(value, ast.Name)
                else None
            )
            if isinstance(text, str):
                said[key] = text
    return said.get("version_table"), said.get("version_table_schema")


def _pairs(node: ast.AST) -> list[tuple[str, ast.expr]]:
    """Keywords of calls, and keys of dictionaries (options that are put together first)."""
    if isinstance(node, ast.Call):
        return [(one.arg, one.value) for one in node.keywords if one.arg in _KEYS]
    if isinstance(node, ast.Dict):
        keys = zip(node.keys, node.values, strict=True)
        return [(key.value, value) for key, value in keys if isinstance(key, ast.Constant) and key.value in _KEYS]
    return []
