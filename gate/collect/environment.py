"""Which Python runs the project's code: named, active, in the repository, built from its dependency files, or our own.

Order: ``--python``; ``install: none`` (our own); an active environment; ``.venv`` or ``venv`` beside the project; our
own interpreter where it already satisfies everything declared (the gate was installed into the project's environment);
then an environment built by uv. A failed build falls back to our own only when every declared package is there, and
says so.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement

from gate._reach import readable
from gate.collect import _dependencies, _installer, _pythonpath, _registered
from gate.collect._database_evidence import NAMES
from gate.collect._dependencies import Recipe
from gate.collect._interpreters import Interpreter, fitting, inspect, of_folder, specifier
from gate.context import RunContext
from gate.errors import CannotDecide, ProjectBroken
from gate.facts.environment import ProjectEnvironment
from gate.facts.history import Project

CONTAINER = "ALEMBIC_GATE_IMAGE"  # set in the action's image
Source = Literal["flag", "active", "folder", "built", "own"]
_DRIVERS = (
    "psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "pg8000", "mysqlclient", "pymysql", "aiomysql", "asyncmy",
    "mariadb", "mysql-connector-python", "aiosqlite", "psycopg-binary", "pymssql", "pyodbc", "oracledb",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """An interpreter with where it came from and what there is to say about it."""

    interpreter: Interpreter
    source: Source
    notes: tuple[str, ...] = ()


def collect(context: RunContext, project: Project) -> ProjectEnvironment:
    """The project's environment. Raises ProjectBroken or CannotDecide, each with what to add."""
    with context.timed("install"):
        found = _found(context, project)
    settings, packages = context.settings, found.interpreter.packages
    if "alembic" not in packages:
        what = f"Alembic is not installed in {found.interpreter.path}" + _said(found.notes)
        advice = "Install the project there, or name its interpreter: --python PATH."
        raise ProjectBroken(what, where="python", advice=advice)
    return ProjectEnvironment(
        python=found.interpreter.path,
        version=found.interpreter.version,
        alembic=packages.get("alembic"),
        sqlalchemy=packages.get("sqlalchemy"),
        source=found.source,
        variables=dict(settings.env),
        files=dict(settings.files),
        pythonpath=_pythonpath.folders(context.repo, project, context.settings.pythonpath),
        modules=settings.import_,
        drivers=tuple(dict.fromkeys(NAMES.get(name, name) for name in _DRIVERS if name in packages)),
        identity=_installer.digest(
            (), found.interpreter.path, *(f"{name}={one}" for name, one in sorted(packages.items()))
        ),
        notes=found.notes,
    )


def _said(notes: tuple[str, ...]) -> str:
    return "".join(f"; {note}" for note in notes)


def _found(context: RunContext, project: Project) -> Found:
    settings = context.settings
    if settings.python:
        return Found(inspect(_named(context, settings.python)), "flag")
    own = inspect(sys.executable)
    if settings.install == "none":
        return Found(own, "own")
    notes: list[str] = []
    if settings.install == "auto":
        for found in _present(context, project, notes):
            return replace(found, notes=tuple(notes))
    return _built(context, project, own, notes)


def _named(context: RunContext, said: str) -> str:
    """``--python`` as a path of an interpreter or of an environment's folder, a program's name, or a version."""
    for place in (context.repo / said, Path(said).expanduser()):
        if place.is_dir() and (inside := of_folder(place)):
            return str(inside)
        if place.is_file():
            return str(place.absolute())
    import shutil

    found = shutil.which(said) or (fitting(said) if specifier(said) else None)
    if found is None:
        raise CannotDecide("there is no such Python", where=f"--python {said}", advice="Name an interpreter's path.")
    return found


def _present(context: RunContext, project: Project, notes: list[str]) -> Iterator[Found]:
    """Environments that exist: the active one, then folders of the repository. Without Alembic they do not count."""
    places: list[tuple[Path, Source]] = []
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if os.environ.get(name):
            places.append((Path(os.environ[name]), "active"))
    for folder in _folders(context, project):
        places += [(folder / name, "folder") for name in (".venv", "venv")]
    for place, source in places:
        inside = of_folder(place)
        if inside is None:
            if (place / "pyvenv.cfg").is_file():
                notes.append(f"{_shown(context, place)} was made on another machine and is not used")
            continue
        if source == "folder" and os.environ.get(CONTAINER):
            notes.append(f"{_shown(context, place)} is part of the checkout and is not trusted here")
            continue
        try:
            interpreter = inspect(inside)
        except CannotDecide as error:
            notes.append(str(error))
            continue
        if interpreter.has("alembic"):
            yield Found(interpreter, source)
        elif Path(interpreter.path).parent != Path(sys.executable).parent:
            notes.append(f"{_shown(context, place)} has no Alembic and is not used")


def _shown(context: RunContext, place: Path) -> str:
    return place.relative_to(context.repo).as_posix() if place.is_relative_to(context.repo) else str(place)


def _folders(context: RunContext, project: Project) -> Iterator[Path]:
    """The project's folder, then up to the repository."""
    here = (context.repo / project.directory).resolve()
    while here != context.repo and here.is_relative_to(context.repo):
        yield here
        here = here.parent
    yield context.repo


def _built(context: RunContext, project: Project, own: Interpreter, notes: list[str]) -> Found:
    recipe = _recipe(context, project)
    commanded = context.settings.install not in ("auto", "none")
    if recipe is None and not commanded:
        return Found(own, "own", (*notes, "no dependency files: the project runs in the gate's own Python"))
    wished = context.settings.python_version or _dependencies.wished_python(
        recipe.folder if recipe else context.repo / project.directory, context.repo
    )
    if recipe and not commanded and not context.settings.python_version and _satisfies(own, recipe, wished):
        return Found(own, "own", tuple(notes))
    try:
        interpreter = _install(context, project, recipe, wished, notes)
    except (_installer.IndexUnreachable, _installer.NoInstaller) as error:
        if recipe and not commanded and _runs_here(own, wished) and _has_all(own, recipe):
            notes.append(f"{error}; judged in the gate's own Python, whose versions may differ from the project's")
            return Found(own, "own", tuple(notes))
        if recipe and own.has("alembic") and isinstance(error, _installer.NoInstaller):
            raise _lacking(own, recipe, wished) from error
        raise
    return Found(interpreter, "built", tuple(notes))


def _recipe(context: RunContext, project: Project) -> Recipe | None:
    found = _dependencies.find(_folders(context, project))
    if found is None:
        below = (
            path.parent
            for pattern in ("*/requirements*.txt", "*/pyproject.toml")
            for path in sorted(context.repo.glob(pattern))
        )
        found = _dependencies.find(iter(dict.fromkeys(below)))
    return found


def _satisfies(own: Interpreter, recipe: Recipe, wished: str) -> bool:
    """Everything declared is installed here in a version that fits, and so is this Python."""
    if os.environ.get(CONTAINER) or not recipe.declared or not own.has("alembic") or not _runs_here(own, wished):
        return False
    pinned = (
        *recipe.declared,
        *(line for line in recipe.locked.constraints if line.lower().startswith(("alembic=", "sqlalchemy="))),
    )
    return all(_fits(own, line) for line in pinned)


def _runs_here(own: Interpreter, wished: str) -> bool:
    spec = specifier(wished)
    return spec is None or spec.contains(_version(own), prereleases=True)


def _fits(own: Interpreter, line: str, any_version: bool = False) -> bool:
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        return False
    if wanted.marker is not None and not wanted.marker.evaluate():
        return True
    version = own.packages.get(wanted.name.lower().replace("_", "-").replace(".", "-"))
    return version is not None and (
        any_version or (not wanted.url and wanted.specifier.contains(version, prereleases=True))
    )


def _has_all(own: Interpreter, recipe: Recipe) -> bool:
    return (
        bool(recipe.declared)
        and own.has("alembic")
        and all(_fits(own, line, any_version=True) for line in recipe.declared)
    )


def _lacking(own: Interpreter, recipe: Recipe, wished: str) -> _installer.NoInstaller:
    """In a Python that has Alembic the user thinks the project installed: say what it is that is not."""
    lines = [line for line in recipe.declared if not _fits(own, line, any_version=True)]
    names = [match[0] for line in lines if (match := re.match(r"[\w.-]+", line))]
    lacks = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    why = f"lacks {lacks}" if names else f"is {_version(own)}, and the project asks for {wished}"
    return _installer.NoInstaller(
        f"the Python that runs the gate {why}, and uv is not here to install the project",
        advice="Install that here, or uv (pip install uv), or name the project's interpreter: --python PATH.",
    )


def _version(own: Interpreter) -> str:
    return ".".join(map(str, own.version))


def _install(
    context: RunContext, project: Project, recipe: Recipe | None, wished: str, notes: list[str]
) -> Interpreter:
    """Build (or take from the cache) and look at the result."""
    python = fitting(wished) or wished
    job = (
        _command_job(context, project, recipe, python)
        if context.settings.install != "auto"
        else _job(context, recipe, python)
    )
    key = f"environment {job.key}"
    if key not in context.shared:
        context.progress(f"install: {job.key[0]}")
        path, cached = _installer.build(
            _within_reach(context, recipe, job), context.cache_dir, context.progress, context.settings.timeout
        )
        if not cached and recipe:
            for site in path.parent.parent.glob("lib/python*/site-packages"):
                _registered.register(site, _dependencies.toml(recipe.folder / "pyproject.toml"))
        context.shared[key] = inspect(path)
    interpreter: Interpreter = context.shared[key]
    if not interpreter.has("alembic"):
        what = f"{job.key[0]} does not bring Alembic"
        raise ProjectBroken(what, where="install", advice="Say how the project is installed: `install: <command>`.")
    return interpreter


def _within_reach(context: RunContext, recipe: Recipe | None, job: _installer.Job) -> _installer.Job:
    """On a copy where the account that installs cannot read the repository itself, as in root's own folder."""
    uid = _installer.account(job.python)
    if job.copy or recipe is None or all(readable(one, uid) for one in recipe.files if one.is_file()):
        return job
    commands = tuple(tuple(_relative(word, recipe.folder) for word in words) for words in job.commands)
    return replace(job, commands=commands, folder=recipe.folder.relative_to(context.repo), copy=context.repo)


def _relative(word: str, folder: Path) -> str:
    return os.path.relpath(word, folder) if word.startswith("/") else word


def _job(context: RunContext, recipe: Recipe | None, python: str) -> _installer.Job:
    assert recipe is not None
    where = str(context.repo)
    key = (recipe.how, _installer.digest(recipe.files, *(word.replace(where, "") for word in recipe.words)), python)
    if recipe.sync:
        words = (
            "{uv}",
            "sync",
            "--frozen",
            "--no-install-project",
            "--no-install-workspace",
            "--python",
            "{python}",
            *recipe.words,
        )
        return _installer.Job(python, (words,), key, recipe.folder)
    install = ("{uv}", "pip", "install", "--python", "{python}")
    if recipe.locked.requirements:
        words = (*install, "-r", "{home}/requirements.txt", "-c", "{home}/constraints.txt")
        texts = (
            ("requirements.txt", "\n".join(recipe.locked.requirements)),
            ("constraints.txt", "\n".join(recipe.locked.constraints)),
        )
        return _installer.Job(python, (words,), key, recipe.folder, texts=texts)
    if recipe.needs_copy:
        words = tuple(_relative(word, recipe.folder) for word in recipe.words)
        return _installer.Job(
            python, ((*install, *words),), key, recipe.folder.relative_to(context.repo), copy=context.repo
        )
    return _installer.Job(python, ((*install, *recipe.words),), key, recipe.folder)


def _command_job(context: RunContext, project: Project, recipe: Recipe | None, python: str) -> _installer.Job:
    """The user's own command, run by a shell in a copy of the repository, with the new environment first on PATH."""
    command = context.settings.install
    files = recipe.files if recipe else ()
    folder = Path(project.directory)
    key = (f"command {shlex.quote(command)[:60]}", _installer.digest(files, command, str(folder)), python)
    return _installer.Job(python, (("/bin/sh", "-euc", command),), key, folder, copy=context.repo)
