"""What an upgrade needs of the repository: config, ``env.py``, revisions, files beside them, and imported modules."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gate.docker.imports import Finder, Module, closure
from gate.docker.lookup import Options, ini_options, is_revision, toml_options
from gate.docker.paths import clean, inside

DATA = (".sql", ".csv", ".json", ".yaml", ".yml", ".txt", ".toml")
Read = Callable[[str], str | None]


@dataclass(frozen=True)
class Project:
    """One Alembic environment as the repository holds it. All paths are relative to the repository.

    ``directory`` is the folder from which its paths count; ``config`` is None when there is none. ``script_given``:
    the script folder was said, not guessed.
    """

    config: str | None = None
    section: str = "alembic"
    directory: str = "."
    script: str = "migrations"
    versions: tuple[str, ...] = ()
    recursive: bool = False
    env: str | None = None
    revisions: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    modules: tuple[Module, ...] = ()
    env_reads_config: bool = False
    env_changes_path: bool = False
    flask: bool = False
    script_given: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """Everything that must reach the image, the config first."""
        first = [one for one in (self.config, self.env) if one]
        return tuple(dict.fromkeys([*first, *self.revisions, *self.beside, *(one.origin for one in self.modules)]))


@dataclass(frozen=True)
class Hints:
    """What settings or discovery say of the project; empty texts are not said."""

    config: str = ""
    section: str = "alembic"
    script: str = ""
    versions: tuple[str, ...] = ()
    recursive: bool = False
    directory: str = ""
    flask: bool = False
    sys_path: tuple[str, ...] = ()


def describe(files: Iterable[str], read: Read, hints: Hints) -> Project:
    """The project behind these hints, among the repository's ``files``."""
    every = sorted(set(files))
    known = frozenset(every)
    config = hints.config if hints.config in known else None
    directory = hints.directory or (posixpath.dirname(config) if config else "") or "."
    options = _options(config, read, hints)
    script = hints.script or _repository_path(options.script, directory, known) or "migrations"
    versions = (
        hints.versions
        or tuple(found for one in options.versions if (found := _repository_path(one, directory, known)))
        or (f"{script}/versions",)
    )
    recursive = hints.recursive or options.recursive
    revisions = tuple(one for one in every if any(_is_in(one, folder, recursive) for folder in versions))
    env = f"{script}/env.py" if f"{script}/env.py" in known else None
    text = (read(env) or "") if env else ""
    starts = [*([env] if env else []), *revisions]
    finder = _finder(known, directory, (*hints.sys_path, *options.sys_path), script)
    skip = {*starts}
    modules = tuple(one for one in closure(starts, finder, read) if one.origin not in skip)
    beside = _beside(starts, [one for one in every if one not in skip], script, versions, read)
    return Project(
        config,
        hints.section,
        clean(directory),
        clean(script),
        tuple(map(clean, versions)),
        recursive,
        env,
        revisions,
        beside,
        modules,
        "fileConfig(" in text,
        "sys.path" in text,
        hints.flask,
        bool(hints.script),
    )


def options_at(config: str | None, section: str, read: Read, here: str) -> Options | None:
    """The options of the repository's config, as if it lay in the folder ``here``."""
    text = read(config) if config else None
    if text is None or config is None:
        return None
    if posixpath.basename(config) == "pyproject.toml":
        return toml_options(text, here)
    return ini_options(text, here, section)


def _options(config: str | None, read: Read, hints: Hints) -> Options:
    here = "/" + (posixpath.dirname(config) if config else "")
    return options_at(config, hints.section, read, here) or Options()


def _repository_path(location: str | None, directory: str, known: frozenset[str]) -> str | None:
    """A location of the config as a folder of the repository; a package is looked for under the usual roots."""
    if not location:
        return None
    if location.startswith("/"):
        return clean(location.lstrip("/"))
    if ":" in location:
        package, *rest = location.split(":")
        name = "/".join([package.replace(".", "/"), *rest])
        for root in (directory, ".", "src", f"{directory}/src", "lib"):
            path = clean(f"{root}/{name}")
            if any(one.startswith(path + "/") for one in known):
                return path
        return clean(name)
    return clean(f"{directory}/{location}")


def _is_in(path: str, folder: str, recursive: bool) -> bool:
    below = inside(clean(folder), path)
    if below is None or below == "." or not is_revision(posixpath.basename(path)):
        return False
    return "/" not in below or (recursive and "__pycache__" not in below.split("/"))


def _finder(known: frozenset[str], directory: str, sys_path: Sequence[str], script: str) -> Finder:
    """Looks where the config says, and where projects keep their code; the inside of a package is on nobody's path."""
    folders = {parent for path in known if path.endswith(".py") for parent in _parents(path)}
    said = [clean(one.lstrip("/")) if one.startswith("/") else clean(f"{directory}/{one}") for one in sys_path]
    guessed = (clean(directory), ".", "src", clean(f"{directory}/src"), posixpath.dirname(script) or ".")
    usual = [one for one in guessed if one == "." or f"{one}/__init__.py" not in known]
    return Finder(tuple(dict.fromkeys([*said, *usual])), known.__contains__, folders.__contains__)


def _parents(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _beside(
    starts: Sequence[str], others: Sequence[str], script: str, versions: Sequence[str], read: Read
) -> tuple[str, ...]:
    """Files that env.py or a revision reads: non-Python files near them whose path its text constants end with."""
    roots = {clean(script), *map(clean, versions)}
    near = [
        one
        for one in others
        if any(inside(root, one) for root in roots) and not one.endswith((".py", ".pyc", ".mako", ".md"))
    ]
    found: set[str] = set()
    for path in starts:
        said = _constants(read(path) or "")
        found |= {one for one in near if _is_named(one, said)}
        found |= {
            one for one in others if one.endswith(DATA) and any("/" in text and _ends(one, text) for text in said)
        }
    return tuple(sorted(found))


def _ends(path: str, text: str) -> bool:
    """Whether a path is the file that a text names, from wherever the text counts."""
    text = text.removeprefix("./")
    return path == text or (not text.startswith(("/", ".")) and path.endswith("/" + text))


def _constants(text: str) -> frozenset[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(
        node.value.strip()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 400
    )


def _is_named(path: str, said: frozenset[str]) -> bool:
    """Whether a text constant is the file's name or a path that ends in it; a pattern such as ``*.sql`` counts."""
    name = posixpath.basename(path)
    if any(one == name or (one.endswith("/" + name) and path.endswith(one.lstrip("./"))) for one in said):
        return True
    return any(one.startswith("*.") and name.endswith(one[1:]) for one in said)
