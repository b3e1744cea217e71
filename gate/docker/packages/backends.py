"""What other backends than setuptools put into a wheel: hatchling, flit, poetry, pdm and uv.

https://hatch.pypa.io/latest/config/build/ ; https://flit.pypa.io/en/stable/pyproject_toml.html ;
https://python-poetry.org/docs/pyproject/#packages ; https://backend.pdm-project.org/build_config/ ;
https://docs.astral.sh/uv/concepts/build-backend/
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pathspec import GitIgnoreSpec

from gate.docker.packages import setuptools
from gate.docker.packages.settings import Source, UnclearError
from gate.docker.tree import File

Files = dict[str, File]


def files(source: Source) -> Files:
    """Paths in the wheel and their files. Raises ``UnclearError`` for a backend or a setting that is not read."""
    backend = source.backend
    for start, reader in _READERS.items():
        if backend.startswith(start):
            return reader(source)
    raise UnclearError(f"the build backend {backend} is not read")


def editable_root(source: Source) -> str:
    """The folder, relative to the project, that an editable install puts on ``sys.path``."""
    if source.backend.startswith("setuptools"):
        return setuptools.editable_root(source)
    roots = [
        path.rpartition(source.name)[0].rstrip("/")
        for path in (f"src/{source.name}", source.name)
        if source.is_dir(path)
    ]
    packages = source.tool("hatch", "build", "targets", "wheel").get("packages") or [
        source.tool("uv", "build-backend").get("module-root", None)
    ]
    said = str(packages[0]).rpartition("/")[0] if packages and packages[0] else None
    return roots[0] if roots else said if said is not None else "src" if source.is_dir("src") else ""


def _list(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)] if value else []


def _spec(patterns: Iterable[str]) -> Callable[[str], bool]:
    return GitIgnoreSpec.from_lines(patterns).match_file


def _whole(source: Source, folder: str, cut: str = "") -> Files:
    """All files of a folder, without the part of the path that does not go into the wheel."""
    start = f"{cut.rstrip('/')}/" if cut else ""
    return {
        path.removeprefix(start): file
        for path, file in source.below(folder).items()
        if "__pycache__" not in path and not path.endswith(".pyc")
    }


def _named(source: Source, name: str, roots: Sequence[str] = ("src", "")) -> tuple[str, str]:
    """The folder of a module and the root that is cut from it."""
    for root in roots:
        folder = f"{root}/{name}".lstrip("/")
        if source.is_dir(folder) or source.is_file(f"{folder}.py"):
            return folder, root
    raise UnclearError(f"there is no module {name} to package: the build stops")


def _module(source: Source, name: str, roots: Sequence[str] = ("src", "")) -> Files:
    folder, root = _named(source, name, roots)
    if source.is_dir(folder):
        return _whole(source, folder, root)
    return {f"{name}.py": source.below()[f"{folder}.py"]}


def _hatch(source: Source) -> Files:
    """``packages``, ``only-include`` and ``include`` pick; ``exclude`` and ``.gitignore`` take away.

    ``force-include`` adds.
    """
    both = source.tool("hatch", "build")
    wheel = source.tool("hatch", "build", "targets", "wheel")
    packages, only = _list(wheel.get("packages")), _list(wheel.get("only-include") or both.get("only-include"))
    include = _list(wheel.get("include") or both.get("include"))
    sources = _list(wheel.get("sources") or both.get("sources"))
    exclude = _list(wheel.get("exclude") or both.get("exclude"))
    vcs = [] if wheel.get("ignore-vcs", both.get("ignore-vcs")) is True else source.gitignore.split("\n")
    dropped = _spec([*vcs, *exclude])
    if packages or only:
        taken = {path: file for one in packages or only for path, file in source.below(one.rstrip("/")).items()}
        cuts = [one.rpartition("/")[0] for one in packages] + sources
    elif include:
        chosen = _spec(include)
        taken = {path: file for path, file in source.below().items() if chosen(path)}
        cuts = sources
    else:
        folder, root = _named(source, source.name, ("", "src"))
        taken, cuts = (
            source.below(folder) if source.is_dir(folder) else {f"{folder}.py": source.below()[f"{folder}.py"]},
            [root],
        )
    kept = {_cut(path, cuts): file for path, file in taken.items() if not dropped(path) and "__pycache__" not in path}
    return {**kept, **_forced(source, wheel.get("force-include") or both.get("force-include") or {})}


def _cut(path: str, cuts: Iterable[str]) -> str:
    for one in sorted(filter(None, cuts), key=len, reverse=True):
        if path.startswith(one.rstrip("/") + "/"):
            return path[len(one.rstrip("/")) + 1 :]
    return path


def _forced(source: Source, said: Mapping[str, Any]) -> Files:
    found: Files = {}
    for start, goal in ((str(a).rstrip("/").removeprefix("./"), str(b).strip("/")) for a, b in said.items()):
        for path, file in source.below().items():
            if path == start or path.startswith(start + "/"):
                found[(goal + path[len(start) :]).lstrip("/")] = file
    return found


def _flit(source: Source) -> Files:
    name = str(source.tool("flit", "module").get("name") or source.name).replace(".", "/")
    return _module(source, name, ("", "src"))


def _poetry(source: Source) -> Files:
    said = source.tool("poetry")
    entries = [one if isinstance(one, Mapping) else {"include": one} for one in said.get("packages") or ()]
    taken: Files = {}
    for one in entries:
        if one.get("format") not in (None, "wheel", ["wheel"], ["sdist", "wheel"]):
            continue
        root, name = str(one.get("from", "")), str(one["include"])
        for path, file in source.below(root).items():
            below = path.removeprefix(f"{root}/") if root else path
            if (
                below == name
                or below.startswith(name.rstrip("/") + "/")
                or fnmatch.fnmatchcase(below, name.replace("**/", "*"))
            ):
                taken["/".join(filter(None, [str(one.get("to", "")), below]))] = file
    taken = taken or _module(source, source.name, ("", "src"))
    extra = [
        one if isinstance(one, str) else str(one.get("path"))
        for one in said.get("include") or ()
        if isinstance(one, str) or "wheel" in _list(one.get("format"))
    ]
    chosen, dropped = _spec(extra), _spec(_list(said.get("exclude")))
    added = {path: file for path, file in source.below().items() if extra and chosen(path)}
    return {path: file for path, file in {**taken, **added}.items() if not dropped(path) and "__pycache__" not in path}


def _pdm(source: Source) -> Files:
    said = source.tool("pdm", "build") or source.tool("pdm")
    root = str(said.get("package-dir") or ("src" if source.is_dir("src") else ""))
    includes, dropped = _list(said.get("includes")), _spec(_list(said.get("excludes")))
    below = source.below()
    if includes:
        chosen = _spec(includes)
        picked = {path: file for path, file in below.items() if chosen(path)}
    else:
        tops = [one for one in source.folders(root) if source.is_file(f"{root}/{one}/__init__.py".lstrip("/"))]
        picked = {path: file for one in tops for path, file in source.below(f"{root}/{one}".lstrip("/")).items()}
    return {
        _cut(path, [root]): file for path, file in picked.items() if not dropped(path) and "__pycache__" not in path
    }


def _uv(source: Source) -> Files:
    said = source.tool("uv", "build-backend")
    root = str(said.get("module-root", "src"))
    names = _list(said.get("module-name")) or [source.name]
    dropped = _spec([*_list(said.get("wheel-exclude")), *_list(said.get("source-exclude"))])
    taken: Files = {}
    for name in names:
        for path, file in _module(source, name.replace(".", "/"), (root,)).items():
            if not dropped(f"{root}/{path}".lstrip("/")):
                taken[path] = file
    return taken


_READERS: dict[str, Callable[[Source], Files]] = {
    "setuptools": setuptools.files,
    "hatchling": _hatch,
    "flit": _flit,
    "poetry": _poetry,
    "pdm": _pdm,
    "uv_build": _uv,
}
SETTINGS: dict[str, tuple[str, ...]] = {
    "setuptools": ("packages", "packages.find", "find", "exclude", "package-data", "build-backend"),
    "hatchling": ("exclude", "packages", "only-include", "include", "tool.hatch.build.targets.wheel", "build-backend"),
    "flit": ("name", "build-backend"),
    "poetry": ("exclude", "packages", "build-backend"),
    "pdm": ("excludes", "includes", "build-backend"),
    "uv_build": ("wheel-exclude", "source-exclude", "module-name", "build-backend"),
}


def deciding_line(source: Source) -> tuple[str, int] | None:
    """The repository's file and line of the setting that picks what is packaged."""
    keys = next((keys for start, keys in SETTINGS.items() if source.backend.startswith(start)), ("build-backend",))
    return source.line_of(*keys)
