"""What a module's top level assigns, as far as it is known without running it: literals, and what is put together of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any


def assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr, Mapping[str, Any]]]:
    """Every name that the top level assigns, in order, with the values that the names above it have by then."""
    known: dict[str, Any] = {}
    for node in tree.body:
        pairs = list(_pairs(node))
        yield from ((name, value, known) for name, value in pairs)
        told = {name: _told(value, known) for name, value in pairs}
        for name in _stored(node):
            known.pop(name, None)  # a loop, a condition or `+=` may have given it another value
        known.update({name: value[0] for name, value in told.items() if value})


def _pairs(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Name and expression, also of ``a, b = 1, 2``."""
    value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or value is None:
        return
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            yield from ((a.id, b) for a, b in zip(target.elts, value.elts, strict=True) if isinstance(a, ast.Name))


def _stored(node: ast.stmt) -> list[str]:
    return [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]


def _told(value: ast.expr, known: Mapping[str, Any]) -> tuple[Any, ...]:
    try:
        return (value_of(value, known),)
    except ValueError:
        return ()


def value_of(node: ast.expr, known: Mapping[str, Any]) -> Any:
    """The value of an expression of literals, known names, sums and f-strings. Raises ValueError for any other."""
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(one, known) for one in node.values)
    if isinstance(node, (ast.Tuple, ast.List)):
        return tuple(value_of(one, known) for one in node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = value_of(node.left, known), value_of(node.right, known)
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        if isinstance(left, tuple) and isinstance(right, tuple):
            return left + right
    return ast.literal_eval(node)


def _part(node: ast.expr, known: Mapping[str, Any]) -> str:
    """A piece of an f-string; one with a format or a conversion of its own is not known."""
    if not isinstance(node, ast.FormattedValue):
        return str(value_of(node, known))
    if node.conversion != -1 or node.format_spec is not None:
        raise ValueError("formatted")
    return str(value_of(node.value, known))
