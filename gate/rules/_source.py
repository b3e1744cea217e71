"""Readings of a revision's own text, for what no statement shows."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


@functools.lru_cache(maxsize=256)
def parsed(text: str) -> ast.Module | None:
    """The revision's syntax tree; None when it is no Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def upgrade_of(text: str) -> ast.FunctionDef | None:
    """The revision's ``upgrade`` function."""
    tree = parsed(text)
    body = tree.body if tree else []
    return next((one for one in body if isinstance(one, ast.FunctionDef) and one.name == "upgrade"), None)


def upgrade_with_helpers(text: str) -> tuple[Function, ...]:
    """``upgrade`` and the revision's own functions that it names, itself or through one of them, in that order."""
    tree = parsed(text)
    known = {one.name: one for one in ast.walk(tree) if isinstance(one, Function)} if tree else {}
    names = ["upgrade"] if "upgrade" in known else []
    for name in names:  # grows while it is walked
        used = (node.id for node in ast.walk(known[name]) if isinstance(node, ast.Name))
        names.extend(one for one in dict.fromkeys(used) if one in known and one not in names)
    return tuple(known[name] for name in names)


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """Every call below a node, in order of lines."""
    found = (one for one in ast.walk(node) if isinstance(one, ast.Call))
    return iter(sorted(found, key=lambda one: (one.lineno, one.col_offset)))


def names_from(node: ast.AST, method: str) -> frozenset[str]:
    """Names that are assigned the result of a method of this name."""
    return frozenset(
        target.id
        for one in ast.walk(node)
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Call)
        if isinstance(one.value.func, ast.Attribute) and one.value.func.attr == method
        for target in one.targets
        if isinstance(target, ast.Name)
    )
