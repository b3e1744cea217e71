"""Pure: which revisions make tables from the models themselves, so that a comparison could not fail."""

from __future__ import annotations

import ast
from collections.abc import Mapping

_NAMES = ("create_all", "create_db_and_tables")


def made_by_models(sources: Mapping[str, str]) -> tuple[str, ...]:
    """Paths of the files whose ``upgrade`` (or module level) calls ``create_all``; a ``downgrade`` does not count."""
    return tuple(path for path, text in sources.items() if "create_all" in text and _calls(text))


def _calls(text: str) -> bool:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    running = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name == "downgrade")]
    return any(_is_create_all(node) for top in running for node in ast.walk(top))


def _is_create_all(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _NAMES
