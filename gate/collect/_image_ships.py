"""From settings and files to the images that ship, and from each of them to a build that can be evaluated."""

from __future__ import annotations

import posixpath

from gate.collect._image_files import Repository
from gate.docker.build import Build, Context, Entry
from gate.docker.ignore import IgnoreFile, parse
from gate.docker.paths import clean, inside
from gate.docker.project import Project
from gate.docker.run import Needs
from gate.docker.shipping import Ship, Wanted, from_dockerfiles, from_flags
from gate.errors import UsageError
from gate.settings import Settings


def ships(settings: Settings, repository: Repository) -> list[Ship] | str:
    """The images that ship, or why there is none. Raises UsageError for a named file that is not there."""
    wanted = Wanted(
        settings.dockerfile, settings.docker_context, settings.docker_target, settings.build_arg, settings.compose, settings.service,
        settings.bake, settings.bake_target, settings.workflow,
    )
    for flag, named in (("--dockerfile", wanted.dockerfile), ("--bake", wanted.bake), ("--workflow", wanted.workflow),
                        *(("--compose", one) for one in wanted.compose)):
        if named and repository.read(clean(named)) is None:
            raise UsageError("there is no such file", where=f"{flag} {named}", advice="The path is relative to --repo.")
    if wanted.dockerfile or wanted.context:
        return [from_flags(wanted)]
    found = from_dockerfiles(repository.files, wanted)
    return found or "no Dockerfile, compose file, bake file or build step was found"


def builds(repository: Repository, project: Project, ship: Ship, every: list[Ship]) -> Build:
    """What goes into the build of one image. Raises ``BuildStops`` for an ignore file that the builder refuses."""
    folder = _folder(repository, ship)
    context = context_of(repository, folder, ship.dockerfile)
    return Build(context, ship.target, ship.args, {}, Needs(frozenset(project.files)), repository.read, repository.archive)


def _folder(repository: Repository, ship: Ship) -> str:
    """The context's folder; for a plain Dockerfile the root, unless what it copies lies only in its own folder."""
    if ship.context != "?":
        return clean(ship.context)
    own = posixpath.dirname(ship.dockerfile or "") or "."
    if own == ".":
        return "."
    text = repository.read(ship.dockerfile or "") or ""
    scores = {folder: _fitting(repository, folder, text) for folder in (".", own)}
    return own if scores[own] > scores["."] else "."


def _fitting(repository: Repository, folder: str, text: str) -> int:
    """How many plain COPY sources a folder holds."""
    found = 0
    for line in text.split("\n"):
        words = line.split()
        if words[:1] and words[0].upper() in ("COPY", "ADD") and "--from" not in line:
            sources = [word for word in words[1:-1] if not word.startswith("--") and "$" not in word and "*" not in word]
            found += sum(clean(f"{folder}/{one.lstrip('/')}") in repository.by_path for one in sources if clean(one) not in (".", "/"))
    return found


def context_of(repository: Repository, folder: str, dockerfile: str | None, tracked: frozenset[str] | None = None) -> Context:
    """A folder of the repository as a build context, with the ignore file that counts."""
    entries = tuple(_entries(repository, clean(folder), tracked))
    return Context(clean(folder), entries, ignore_of(repository, clean(folder), dockerfile))


def ignore_of(repository: Repository, folder: str, dockerfile: str | None) -> IgnoreFile:
    """``<Dockerfile>.dockerignore`` replaces the one at the context's root wholly, even when it is empty."""
    own = f"{dockerfile}.dockerignore" if dockerfile else ""
    if own and (text := repository.read(own)) is not None:
        return parse(text, own, for_dockerfile=True)
    path = ".dockerignore" if folder == "." else f"{folder}/.dockerignore"
    text = repository.read(path)
    return parse(text, path) if text is not None else IgnoreFile()


def _entries(repository: Repository, folder: str, tracked: frozenset[str] | None) -> list[Entry]:
    found = []
    for entry in repository.entries:
        path = inside(folder, entry.path)
        if path is None or path == ".":
            continue
        if tracked is not None and (entry.folder or entry.path not in tracked):
            continue
        found.append(Entry(path, entry.mode, entry.target, entry.folder))
    return found
