"""Which modules of the repository a Python file imports, read without running it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

LONGEST = 1_000_000
MOST_MODULES = 3000
# Never taken for a folder of the repository: what Alembic itself needs, and the standard library.
LIBRARIES = (
    frozenset({"alembic", "sqlalchemy", "flask", "flask_migrate", "flask_sqlalchemy", "mako"}) | sys.stdlib_module_names
)


@dataclass(frozen=True)
class Import:
    """One import: the dotted module, the names taken from it, and its line."""

    module: str
    names: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Module:
    """A module of the repository that is needed: its file, who imports it, and at which line.

    ``taken``: something of the module itself is used; a package that is only passed through works without its
    ``__init__.py``.
    """

    name: str
    origin: str
    by: str
    line: int
    taken: bool = True


def imports_of(text: str, package: str = "", *, deep: bool = True) -> list[Import]:
    """Imports that run when the file runs, those in functions only with ``deep``.

    Left out are guarded ones: in a ``try`` that catches their failure, or under ``TYPE_CHECKING``.
    """
    if len(text) > LONGEST:
        return []
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return list(_walk(tree.body, package, deep))


def _walk(body: Sequence[ast.stmt], package: str, deep: bool) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, (), node.lineno)
        elif isinstance(node, ast.ImportFrom):
            yield Import(_absolute(node, package), tuple(alias.name for alias in node.names), node.lineno)
        elif isinstance(node, ast.If):
            branches = [] if "TYPE_CHECKING" in ast.dump(node.test) else node.body
            yield from _walk([*branches, *node.orelse], package, deep)
        elif isinstance(node, ast.Try):
            guarded = any(_catches_import(handler) for handler in node.handlers)
            yield from _walk([*([] if guarded else node.body), *node.orelse, *node.finalbody], package, deep)
        elif isinstance(node, (ast.With, ast.For, ast.While, ast.ClassDef)) or (
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and deep
        ):
            yield from _walk(node.body, package, deep)


def _catches_import(handler: ast.ExceptHandler) -> bool:
    caught = ast.dump(handler.type) if handler.type else "ImportError"
    return any(name in caught for name in ("ImportError", "ModuleNotFoundError", "'Exception'", "BaseException"))


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


@dataclass(frozen=True)
class Finder:
    """Finds modules under roots. ``is_file`` and ``is_dir`` ask a tree or a listing; ``read`` gives a file's text."""

    roots: tuple[str, ...]
    is_file: Callable[[str], bool]
    is_dir: Callable[[str], bool]

    def path(self, module: str) -> str | None:
        """The file of a module or package, else the folder of a namespace package, else None."""
        name = module.replace(".", "/")
        spaces = []
        for root in self.roots:
            base = f"{root.rstrip('/')}/{name}" if root not in ("", ".") else name
            if self.is_file(f"{base}/__init__.py"):
                return f"{base}/__init__.py"
            if self.is_file(f"{base}.py"):
                return f"{base}.py"
            if self.is_dir(base):
                spaces.append(base)
        return spaces[0] if spaces else None


def closure(starts: Sequence[str], finder: Finder, read: Callable[[str], str | None]) -> list[Module]:
    """All modules of the repository that these files import, through as many others as it takes."""
    found: dict[str, Module] = {}
    todo: list[tuple[str, str, bool]] = [(path, "", True) for path in starts]
    seen = set(starts)
    while todo and len(found) < MOST_MODULES:
        path, package, deep = todo.pop()
        for one in imports_of(read(path) or "", package, deep=deep):
            for name in _names(one, finder):
                origin = finder.path(name)
                if origin is None or not origin.endswith(".py"):
                    continue
                old = found.get(name)
                if old is None or not old.taken:
                    found[name] = Module(name, origin, path, one.line, _is_taken(one, name, finder))
                if origin not in seen:
                    seen.add(origin)
                    inner = name if origin.endswith("/__init__.py") else name.rpartition(".")[0]
                    todo.append((origin, inner, False))
    return list(found.values())


def _is_taken(one: Import, name: str, finder: Finder) -> bool:
    if name != one.module:
        return not one.module.startswith(name + ".")
    submodules = [(finder.path(f"{name}.{taken}") or "").endswith(".py") for taken in one.names if taken != "*"]
    return not submodules or not all(submodules) or "*" in one.names


def _names(one: Import, finder: Finder) -> Iterator[str]:
    """The modules that an import loads: every package on the way, and names that are modules themselves."""
    if not one.module or one.module.partition(".")[0] in LIBRARIES:
        return
    parts = one.module.split(".")
    for depth in range(1, len(parts) + 1):
        yield ".".join(parts[:depth])
    for name in one.names:
        if name != "*" and (finder.path(f"{one.module}.{name}") or "").endswith(".py"):
            yield f"{one.module}.{name}"
