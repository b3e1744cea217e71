"""What a revision does with names that only stubs stand in for: as a column's type a stub will do, for the rest not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

# Where a stub says enough: as a type, or where nothing but a type or a default can stand.
_TYPED = frozenset({"Column", "column", "alter_column", "cast", "type_coerce"})
_TYPE_OPTIONS = frozenset({"type_", "existing_type", "default", "existing_server_default"})
_LOGGING = re.compile(r"log", re.IGNORECASE)


def imports(text: str) -> Iterator[tuple[str, str, str]]:
    """Each import as ``(local name, module, name or empty)``; relative ones and broken files are left out."""
    tree = _parsed(text)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".", 1)[0], alias.name, ""
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, node.module, alias.name


def unseen(text: str, stubbed: Iterable[str]) -> tuple[tuple[int, str], ...]:
    """Line and name of each use that a stub leaves without effect; ``downgrade`` does not count."""
    tree, missing = _parsed(text), frozenset(stubbed)
    names = {
        local: f"{module}.{name}" if name else module
        for local, module, name in imports(text)
        if module in missing or f"{module}:{name}" in missing or f"{module}.{name}" in missing
    }
    if tree is None or not names:
        return ()
    found = _Uses(names)
    found.visit(tree)
    return tuple(dict.fromkeys(found.seen))


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


class _Uses(ast.NodeVisitor):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        self.seen: list[tuple[int, str]] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if not node.name.startswith("downgrade"):
            for one in (*node.body, *node.args.defaults):  # annotations say nothing that runs
                self.visit(one)

    def visit_Call(self, node: ast.Call) -> None:
        if _last(node.func) in _TYPED:
            return
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in _TYPE_OPTIONS:
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not self._hit(node):
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self._hit(node)

    def _hit(self, node: ast.Attribute | ast.Name) -> bool:
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in self._names or not isinstance(root.ctx, ast.Load):
            return False
        written = ast.unparse(node)
        if not _LOGGING.search(written.rpartition(".")[2]) and not _LOGGING.search(root.id):
            self.seen.append((node.lineno, written))
        return True


def _last(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
