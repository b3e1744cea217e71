"""What setuptools puts into a wheel: packages listed, found, or discovered, and their data.

https://setuptools.pypa.io/en/latest/userguide/package_discovery.html
"""

from __future__ import annotations

import ast
import configparser
import fnmatch
import functools
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gate.docker.packages.settings import Source, UnclearError
from gate.docker.tree import File

# FlatLayoutPackageFinder.DEFAULT_EXCLUDE of setuptools.discovery
RESERVED = frozenset(
    [
        "ci",
        "bin",
        "debian",
        "doc",
        "docs",
        "documentation",
        "manpages",
        "news",
        "newsfragments",
        "changelog",
        "test",
        "tests",
        "unit_test",
        "unit_tests",
        "example",
        "examples",
        "scripts",
        "tools",
        "util",
        "utils",
        "python",
        "build",
        "benchmark",
        "benchmarks",
        "exercise",
        "exercises",
        "htmlcov",
        "tasks",
        "fabfile",
        "site_scons",
    ]
)


@dataclass(frozen=True)
class Plan:
    """Which packages: ``names`` when listed; else found below ``where`` with or without ``__init__.py``."""

    names: tuple[str, ...] | None = None
    where: str = ""
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    namespaces: bool = True
    folders: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Sequence[str]] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    manifest: bool = True


def files(source: Source) -> dict[str, File]:
    """Paths in the wheel and their files. Raises ``UnclearError`` where setup.py decides."""
    plan = _plan(source)
    names = plan.names if plan.names is not None else tuple(_found(source, plan))
    every = source.below()
    taken: dict[str, File] = {}
    for name in names:
        folder = _folder(plan, name)
        for path, file in every.items():
            if posixpath.dirname(path) == folder and path.endswith(".py"):
                taken[f"{name.replace('.', '/')}/{posixpath.basename(path)}"] = file
        for path in _data(source, plan, name, folder, every):
            taken[f"{name.replace('.', '/')}/{path[len(folder) + 1 :]}"] = every[path]
    for module in plan.modules:
        path = f"{plan.where}/{module}.py".lstrip("/")
        if path in every:
            taken[f"{module}.py"] = every[path]
    return taken


def editable_root(source: Source) -> str:
    """The folder that an editable install puts on ``sys.path``."""
    plan = _plan(source)
    return plan.where or plan.folders.get("", "")


def _folder(plan: Plan, name: str) -> str:
    parts = name.split(".")
    for depth in range(len(parts), 0, -1):
        head = ".".join(parts[:depth])
        if head in plan.folders:
            return "/".join([plan.folders[head].rstrip("/"), *parts[depth:]]).strip("/")
    base = plan.where or plan.folders.get("", "")
    return posixpath.normpath("/".join([base, *parts]).lstrip("/"))


def _plan(source: Source) -> Plan:
    said = source.tool("setuptools")
    if "packages" in said or "py-modules" in said:
        return _from_toml(said)
    if re.search(r"^\s*packages\s*=", source.setup_cfg, re.MULTILINE):
        return _from_cfg(source.setup_cfg)
    if source.setup_py:
        plan = _from_code(source.setup_py)
        if plan is not None:
            return plan
    return _discovered(source, said)


def _from_toml(said: Mapping[str, Any]) -> Plan:
    folders = {str(key): str(value) for key, value in (said.get("package-dir") or {}).items()}
    data = {str(key): tuple(map(str, value)) for key, value in (said.get("package-data") or {}).items()}
    packages = said.get("packages")
    modules = tuple(map(str, said.get("py-modules") or ()))
    manifest = said.get("include-package-data", True) is not False
    if isinstance(packages, Mapping):
        find = packages.get("find") or {}
        where = str((find.get("where") or [folders.get("", "")])[0]).removeprefix("./").rstrip("./")
        return Plan(
            None,
            where,
            tuple(map(str, find.get("include") or ("*",))),
            tuple(map(str, find.get("exclude") or ())),
            find.get("namespaces", True) is not False,
            folders,
            data,
            modules,
            manifest,
        )
    return Plan(
        tuple(map(str, packages or ())),
        folders.get("", ""),
        folders=folders,
        data=data,
        modules=modules,
        manifest=manifest,
    )


def _from_cfg(text: str) -> Plan:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise UnclearError(f"setup.cfg cannot be read: {error}") from error

    def rows(section: str, name: str) -> tuple[str, ...]:
        value = parser.get(section, name, fallback="")
        return tuple(one.strip() for one in re.split(r"[\n,]", value) if one.strip())

    folders = {
        key.strip(): value.strip() for one in rows("options", "package_dir") for key, _, value in [one.partition("=")]
    }
    data = {
        key: rows("options.package_data", key)
        for key in (parser["options.package_data"] if parser.has_section("options.package_data") else ())
    }
    packages = parser.get("options", "packages", fallback="").strip()
    manifest = parser.get("options", "include_package_data", fallback="false").strip().lower() in ("true", "1", "yes")
    if packages in ("find:", "find_namespace:"):
        where = (rows("options.packages.find", "where") or (folders.get("", ""),))[0]
        return Plan(
            None,
            where,
            rows("options.packages.find", "include") or ("*",),
            rows("options.packages.find", "exclude"),
            packages == "find_namespace:",
            folders,
            data,
            rows("options", "py_modules"),
            manifest,
        )
    return Plan(
        rows("options", "packages"),
        folders.get("", ""),
        folders=folders,
        data=data,
        modules=rows("options", "py_modules"),
        manifest=manifest,
    )


def _from_code(text: str) -> Plan | None:
    """``setup(packages=…)`` with plain values; None when setup.py says nothing of packages."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise UnclearError("setup.py cannot be read") from error
    for node in ast.walk(tree):
        name = (
            node.func.attr
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            else getattr(getattr(node, "func", None), "id", "")
        )
        if isinstance(node, ast.Call) and name == "setup":
            said = {one.arg or "**": one.value for one in node.keywords}
            if "**" in said:
                raise UnclearError("setup.py computes its arguments")
            return _from_call(said) if said.keys() & {"packages", "py_modules", "package_dir"} else None
    raise UnclearError("setup.py calls setup() in a way that is not read")


def _literal(node: ast.expr | None, default: Any) -> Any:
    if node is None:
        return default
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError) as error:
        raise UnclearError("setup.py computes its packages") from error


def _from_call(said: Mapping[str, ast.expr]) -> Plan:
    folders = _literal(said.get("package_dir"), {})
    data = _literal(said.get("package_data"), {})
    modules = tuple(_literal(said.get("py_modules"), ()))
    manifest = bool(_literal(said.get("include_package_data"), False))
    packages = said.get("packages")
    if isinstance(packages, ast.Call):
        name = getattr(packages.func, "id", getattr(packages.func, "attr", ""))
        if name not in ("find_packages", "find_namespace_packages"):
            raise UnclearError("setup.py computes its packages")
        given = {one.arg: _literal(one.value, None) for one in packages.keywords}
        given |= dict(
            zip(("where", "exclude", "include"), (_literal(one, None) for one in packages.args), strict=False)
        )
        where = str(given.get("where") or "").rstrip("./")
        return Plan(
            None,
            where,
            tuple(given.get("include") or ("*",)),
            tuple(given.get("exclude") or ()),
            name == "find_namespace_packages",
            folders,
            data,
            modules,
            manifest,
        )
    return Plan(
        tuple(_literal(packages, ())),
        folders.get("", ""),
        folders=folders,
        data=data,
        modules=modules,
        manifest=manifest,
    )


def _discovered(source: Source, said: Mapping[str, Any]) -> Plan:
    """Automatic discovery: ``src`` layout, else the one package of a flat layout."""
    data = {str(key): tuple(map(str, value)) for key, value in (said.get("package-data") or {}).items()}
    folders = {str(key): str(value) for key, value in (said.get("package-dir") or {}).items()}
    if source.is_dir("src"):
        return Plan(None, "src", folders=folders, data=data)
    tops = [one for one in source.folders() if one.isidentifier() and not one.startswith("_") and one not in RESERVED]
    if len(tops) > 1:
        raise UnclearError(
            f"several top-level packages in a flat layout ({', '.join(tops)}): setuptools refuses to build"
        )
    return Plan(None, "", (*(f"{one}*" for one in tops),), folders=folders, data=data)


def _found(source: Source, plan: Plan) -> Iterator[str]:
    """``find_packages`` and ``find_namespace_packages``: dotted names below ``where``."""
    todo = [(one, one) for one in source.folders(plan.where)]
    while todo:
        name, below = todo.pop(0)
        folder = f"{plan.where}/{below}".lstrip("/")
        if "." in below.rpartition("/")[2] or (not plan.namespaces and not source.is_file(f"{folder}/__init__.py")):
            continue
        taken = any(fnmatch.fnmatchcase(name, one) for one in plan.include) and not any(
            fnmatch.fnmatchcase(name, one) for one in plan.exclude
        )
        if taken:
            yield name
        todo += [(f"{name}.{one}", f"{below}/{one}") for one in source.folders(folder) if one != "__pycache__"]


def _data(source: Source, plan: Plan, name: str, folder: str, every: Mapping[str, File]) -> Iterator[str]:
    """Data files: ``package_data`` patterns, and what MANIFEST.in names when package data are included."""
    patterns = [*plan.data.get("", ()), *plan.data.get("*", ()), *plan.data.get(name, ())]
    manifest = _manifest(source.manifest) if plan.manifest else None
    for path in every:
        if not path.startswith(folder + "/"):
            continue
        below = path[len(folder) + 1 :]
        if any(_glob(below, one) for one in patterns) or (
            manifest is not None and any(rule(path) for rule in manifest)
        ):
            yield path


def _glob(path: str, pattern: str) -> bool:
    if "**" in pattern:
        return fnmatch.fnmatchcase(path, pattern.replace("**/", "*")) or fnmatch.fnmatchcase(path, pattern)
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def _manifest(text: str) -> list[Callable[[str], bool]]:
    """MANIFEST.in's ``include``, ``recursive-include`` and ``graft`` lines; a line that takes away leaves doubt."""
    rules: list[Callable[[str], bool]] = []
    for line in text.split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "graft":
            rules += [_below(one.rstrip("/"), "*") for one in words[1:]]
        elif words[0] == "recursive-include" and len(words) > 2:
            rules += [_below(words[1].rstrip("/"), one) for one in words[2:]]
        elif words[0] == "global-include":
            rules += [_below("", one) for one in words[1:]]
        elif words[0] == "include":
            rules += [functools.partial(_is, one) for one in words[1:]]
    return rules


def _is(pattern: str, path: str) -> bool:
    return fnmatch.fnmatchcase(path, pattern)


def _below(folder: str, pattern: str) -> Callable[[str], bool]:
    start = f"{folder}/" if folder else ""
    return lambda path: path.startswith(start) and fnmatch.fnmatchcase(posixpath.basename(path), pattern)
