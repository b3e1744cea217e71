"""Alembic's own look-up, laid over the tree of an image: config, script folder, version folders, ``sys.path``.

Follows ``alembic.config.CommandLine``, ``Config.get_alembic_option`` and ``ScriptDirectory.from_config``;
Flask-Migrate's ``Migrate.get_config`` for its own directory.
https://alembic.sqlalchemy.org/en/latest/tutorial.html#editing-the-ini-file
"""

from __future__ import annotations

import configparser
import posixpath
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gate.docker.errors import UnknownError
from gate.docker.paths import clean, join
from gate.docker.tree import Dir, File, Tree


@dataclass(frozen=True)
class Run:
    """How the upgrade is started in the image: each path relative to ``cwd``, the folder of the process.

    ``config`` is what ``-c`` gets; ``flask`` Flask-Migrate's directory; ``script`` a location set in code. ``module``
    is true for ``python -m alembic``, which puts ``cwd`` on ``sys.path``. ``said`` names the place that told so.
    """

    cwd: str = "/"
    config: str | None = None
    flask: str | None = None
    script: str | None = None
    section: str = "alembic"
    module: bool = False
    said: tuple[str, int] | None = None


@dataclass(frozen=True)
class Options:
    """What a config says. Paths are raw; ``here`` is put in already. ``line`` is where ``script_location`` stands."""

    script: str | None = None
    versions: tuple[str, ...] = ()
    recursive: bool = False
    sys_path: tuple[str, ...] = ()
    line: int = 1


@dataclass(frozen=True)
class Found:
    """Where Alembic looks, in absolute paths of the image.

    ``config`` is the path it opens, whether or not it is there.
    """

    config: str | None
    config_there: bool
    script: str | None
    versions: tuple[str, ...] = ()
    recursive: bool = False
    sys_path: tuple[str, ...] = ()
    options: Options = Options()


Read = Callable[[File], str | None]


@dataclass(frozen=True)
class World:
    """What the look-up sees: the tree, a reader of its files, the environment, and installed packages' folders."""

    tree: Tree
    read: Read
    env: Mapping[str, str]
    site: tuple[str, ...] = ()


def ini_options(text: str, here: str, section: str = "alembic") -> Options | None:
    """The options of an ini file; None when it has no such section or cannot be parsed."""
    parser = configparser.ConfigParser({"here": here}, strict=False)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError):
        return None
    if not parser.has_section(section):
        return None

    def get(name: str) -> str | None:
        try:
            return parser.get(section, name, fallback=None)
        except configparser.Error:
            return parser.get(section, name, raw=True, fallback="").replace("%(here)s", here) or None

    separator = {"space": " ", "newline": "\n", "os": ":", ":": ":", ";": ";", None: None}
    both = separator.get(get("path_separator"))
    versions = both or separator.get(get("version_path_separator"))
    return Options(
        get("script_location"),
        _split(get("version_locations"), versions, r", *|(?: +)|\n"),
        get("recursive_version_locations") == "true",
        _split(get("prepend_sys_path"), both, r", *|(?: +)|:"),
        _line_of(text, "script_location"),
    )


def _split(value: str | None, separator: str | None, legacy: str) -> tuple[str, ...]:
    parts = (value or "").split(separator) if separator else re.split(legacy, value or "")
    return tuple(part.strip() for part in parts if part.strip())


def _line_of(text: str, key: str) -> int:
    for number, line in enumerate(text.split("\n"), start=1):
        if re.match(rf"\s*{key}\s*[=:]", line):
            return number
    return 1


def toml_options(text: str, here: str) -> Options | None:
    """The options of ``[tool.alembic]``; None when there is no such table."""
    try:
        raw: Any = tomllib.loads(text).get("tool", {}).get("alembic")
    except (tomllib.TOMLDecodeError, RecursionError, AttributeError):
        return None
    if not isinstance(raw, Mapping):
        return None

    def listed(name: str) -> tuple[str, ...]:
        value = raw.get(name) or ()
        return tuple(str(one).replace("%(here)s", here) for one in ([value] if isinstance(value, str) else value))

    script = raw.get("script_location")
    script = script.replace("%(here)s", here) if isinstance(script, str) else None
    recursive = raw.get("recursive_version_locations") is True
    return Options(
        script, listed("version_locations"), recursive, listed("prepend_sys_path"), _line_of(text, "script_location")
    )


def look_up(world: World, run: Run, stand_in: Callable[[str], Options | None] = lambda here: None) -> Found:
    """Where Alembic looks. ``stand_in`` gives the repository's options when the config is not in the image."""
    if run.flask is not None:
        return _flask(world, run)
    if run.script is not None:
        return _located(world, run, None, True, Options(run.script, sys_path=(".",)))
    ini, toml = _config_paths(world, run)
    options = _read(world, ini, lambda text, here: ini_options(text, here, run.section))
    second = _read(world, toml, toml_options) if options is None or not options.script else None
    named = toml if run.config and posixpath.basename(run.config) == "pyproject.toml" else ini
    if options is not None and options.script:
        return _located(world, run, ini, True, options)
    if second is not None and second.script:
        return _located(world, run, toml, True, second)
    there = isinstance(world.tree.get(named), File)
    return _located(world, run, named, there, stand_in(posixpath.dirname(named)) or Options())


def _config_paths(world: World, run: Run) -> tuple[str, str]:
    """The ini and the pyproject.toml that the command line opens; ``ALEMBIC_CONFIG`` names one of them."""
    ini, toml = "alembic.ini", "pyproject.toml"
    for named in (world.env.get("ALEMBIC_CONFIG"), run.config):
        if named and posixpath.basename(named) == "pyproject.toml":
            toml = named
        elif named:
            ini = named
    return join(run.cwd, ini), join(run.cwd, toml)


def _read(world: World, path: str, parse: Callable[[str, str], Options | None]) -> Options | None:
    node = world.tree.get(path)
    if not isinstance(node, File):
        fog = world.tree.fog_over(world.tree.resolve(path) or path)
        if fog is not None:
            raise UnknownError(f"whether {path} is in the image: {fog.why}", fog.place.path or None, fog.place.line)
        return None
    if node.doubt:
        place = world.tree.doubter(path, node)
        raise UnknownError(f"the text of {path}: {node.doubt}", place.path or None, place.line)
    text = world.read(node)
    return parse(text, posixpath.dirname(path)) if text is not None else None


def _flask(world: World, run: Run) -> Found:
    folder = join(run.cwd, run.flask or "migrations")
    ini = f"{folder}/alembic.ini"
    options = _read(world, ini, lambda text, here: ini_options(text, here, run.section)) or Options()
    there = isinstance(world.tree.get(ini), File)
    return _located(world, run, ini, there, Options(folder, options.versions, options.recursive, (".",), options.line))


def _located(world: World, run: Run, config: str | None, there: bool, options: Options) -> Found:
    site = world.site
    python_path = [join(run.cwd, one) for one in world.env.get("PYTHONPATH", "").split(":") if one]
    own = [run.cwd] if run.module or run.flask is not None or run.script is not None else []
    sys_path = (*(join(run.cwd, one) for one in options.sys_path), *own, *python_path, *site)
    script = coerce(world, options.script, run.cwd, sys_path) if options.script else None
    versions = tuple(found for one in options.versions if (found := coerce(world, one, run.cwd, sys_path)))
    if not options.versions and script:
        versions = (f"{script.rstrip('/')}/versions",)
    return Found(config, there, script, versions, options.recursive, sys_path, options)


def coerce(world: World, location: str, cwd: str, sys_path: tuple[str, ...]) -> str | None:
    """A location as a path.

    ``package:folder`` is found on ``sys.path``, the rest is relative to the process's folder.
    """
    if ":" in location and not location.startswith("/"):
        package, *rest = location.split(":")
        for root in sys_path:
            folder = f"{root.rstrip('/')}/{package.replace('.', '/')}"
            if world.tree.is_dir(folder):
                return clean("/".join([folder, *rest]))
        return None
    return join(cwd, location)


def list_revisions(tree: Tree, folder: str, *, recursive: bool) -> dict[str, File]:
    """The files that Alembic loads from a version folder, by their paths."""
    real = tree.resolve(folder)
    node = tree.at(real) if real else None
    found: dict[str, File] = {}
    todo = [(real, node)] if isinstance(node, Dir) and real else []
    while todo:
        base, one = todo.pop()
        for name in one.children:
            path = f"{base.rstrip('/')}/{name}"
            child = tree.get(path)
            if isinstance(child, File) and is_revision(name):
                found[path] = child
            elif isinstance(one.children[name], Dir) and recursive and not name.endswith("__pycache__"):
                todo.append((path, one.children[name]))  # type: ignore[arg-type]  # tested to be a folder just before
    return found


def is_revision(name: str) -> bool:
    """Whether Alembic loads a file of this name (``_only_source_rev_file``)."""
    return name.endswith(".py") and not name.startswith((".#", "__init__"))
