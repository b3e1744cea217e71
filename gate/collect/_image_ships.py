"""From settings and files to the images that ship, and from each of them to a build that can be evaluated."""

from __future__ import annotations

import dataclasses
import os
import posixpath
import subprocess
import tomllib
from collections.abc import Callable

from gate.collect._image_files import Repository
from gate.docker import bake, compose, workflow
from gate.docker.build import Build, Context, Entry, Stage
from gate.docker.dockerfile import parse as parse_dockerfile
from gate.docker.errors import BuildError, UnknownError
from gate.docker.ignore import IgnoreFile, parse
from gate.docker.machine import Needs
from gate.docker.paths import clean, inside
from gate.docker.project import Project
from gate.docker.shipping import Ship, Wanted, from_dockerfiles, from_flags
from gate.docker.stages import evaluate
from gate.errors import UsageError
from gate.settings import Settings

WORKFLOWS = ".github/workflows"
DEEPEST = 5
LONGEST_ANSWER = 2_000_000


def ships(settings: Settings, repository: Repository) -> list[Ship] | str:
    """The images that ship, or why there is none. Raises UsageError for a named file that is not there."""
    wanted = Wanted(
        settings.dockerfile,
        settings.docker_context,
        settings.docker_target,
        settings.build_arg,
        settings.compose,
        settings.service,
        settings.bake,
        settings.bake_target,
        settings.workflow,
    )
    for flag, named in (
        ("--dockerfile", wanted.dockerfile),
        ("--bake", wanted.bake),
        ("--workflow", wanted.workflow),
        *(("--compose", one) for one in wanted.compose),
    ):
        if named and repository.read(clean(named)) is None:
            raise UsageError("there is no such file", where=f"{flag} {named}", advice="The path is relative to --repo.")
    found = _named(wanted, repository) or _discovered(wanted, repository)
    changed = [_with_flags(one, wanted) for one in found]
    return changed or "no Dockerfile, compose file, bake file or build step was found"


def _named(wanted: Wanted, repository: Repository) -> list[Ship]:
    """What the flags name: a workflow, a bake file, a compose file, or a Dockerfile."""
    if wanted.workflow:
        return _of_workflow(clean(wanted.workflow), wanted, repository)
    if wanted.bake or wanted.bake_target:
        files = [clean(wanted.bake)] if wanted.bake else bake.default_files(repository.read)
        return _guarded(
            files,
            lambda: _bake(repository, files, [wanted.bake_target] if wanted.bake_target else [], wanted),
        )
    if wanted.compose or wanted.service:
        files = [clean(one) for one in wanted.compose] or compose.default_files(repository.read)
        return _guarded(files, lambda: compose.ships(files, repository.read, wanted.service))
    return [from_flags(wanted)] if wanted.dockerfile or wanted.context else []


def _discovered(wanted: Wanted, repository: Repository) -> list[Ship]:
    """Build steps, then compose, then bake: the first kind that builds anything, else plain Dockerfiles.

    Where one of them builds in a way that cannot be read, guessing from a Dockerfile would be no answer.
    """
    read = repository.read
    kinds: tuple[Callable[[], list[Ship]], ...] = (
        lambda: [
            ship
            for path in sorted(repository.by_path)
            if _is_workflow(path)
            for ship in _of_workflow(path, wanted, repository)
        ],
        lambda: _of_files(compose.default_files(read), lambda files: compose.ships(files, read)),
        lambda: _of_files(bake.default_files(read), lambda files: _bake(repository, files, [], wanted)),
    )
    left: list[Ship] = []
    for ask in kinds:
        found = ask()
        usable = [one for one in found if not one.unknown]
        if any(not one.aside for one in usable):
            return usable
        left += [one for one in found if not (one.source == "refused" and _is_workflow(one.path))]
    return left or from_dockerfiles(repository.files, wanted)


def _of_files(files: list[str], ask: Callable[[list[str]], list[Ship]]) -> list[Ship]:
    return _guarded(files, lambda: ask(files)) if files else []


def _bake(repository: Repository, files: list[str], targets: list[str], wanted: Wanted) -> list[Ship]:
    """The bake file's images; what is not read here is asked of ``docker buildx bake --print`` when that is there."""
    try:
        found = bake.ships(files, repository.read, targets, wanted.args)
    except (UnknownError, BuildError):
        said = _printed_ships(repository, files, targets)
        if not said:
            raise
        return [dataclasses.replace(one, path=files[0], line=1, lines={}) for one in said.values()]
    if not any(one.unknown for one in found):
        return found
    said = _printed_ships(repository, files, targets)
    return [
        dataclasses.replace(said[one.name], path=one.path, line=one.line, lines=one.lines) if one.name in said else one
        for one in found
    ]


def _printed_ships(repository: Repository, files: list[str], targets: list[str]) -> dict[str, Ship]:
    """The images by bake's own evaluation, by name; none where there is no client that prints it."""
    printed = _printed(repository, files, targets)
    if printed is None:
        return {}
    return {one.name: one for one in bake.ships(["printed.json"], {"printed.json": printed}.get) if not one.aside}


def _printed(repository: Repository, files: list[str], targets: list[str]) -> str | None:
    """Bake's own evaluation: a client's command that needs no daemon and builds nothing."""
    words = [
        "docker",
        "buildx",
        "bake",
        "--print",
        *(part for one in files for part in ("--file", one)),
        "--",
        *targets,
    ]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    try:
        done = subprocess.run(
            words, cwd=repository.root, capture_output=True, text=True, check=False, timeout=30, env=kept
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and len(done.stdout) < LONGEST_ANSWER else None


def _is_workflow(path: str) -> bool:
    return posixpath.dirname(path) == WORKFLOWS and path.endswith((".yml", ".yaml"))


def _guarded(files: list[str], ask: Callable[[], list[Ship]]) -> list[Ship]:
    """A file that cannot be read is an image that cannot be told, not an empty answer."""
    try:
        return ask()
    except UnknownError as unknown:
        path = files[0] if files else unknown.path or ""
        return [Ship(path, "refused", path, unknown.line or 1, unknown=f"{unknown.what} cannot be read")]
    except BuildError as stop:
        return [Ship(files[0] if files else stop.path, "refused", stop.path, stop.line, unknown=stop.what)]


def _of_workflow(path: str, wanted: Wanted, repository: Repository) -> list[Ship]:
    def ask() -> list[Ship]:
        found, steps = workflow.steps(repository.read(path) or "", path)
        for step in steps:
            files = list(step.files) or bake.default_files(repository.read) or compose.default_files(repository.read)
            if files and files[0].endswith((".yml", ".yaml")):
                found += [
                    one for one in compose.ships(files, repository.read) if not step.targets or one.name in step.targets
                ]
            elif files:
                found += _bake(repository, files, list(step.targets), wanted)
        return found

    return _guarded([path], ask)


def _with_flags(ship: Ship, wanted: Wanted) -> Ship:
    """Flags stand above what compose, bake or a workflow says."""
    args = {**ship.args, **wanted.args}
    target = wanted.target or ship.target
    settled = bool(wanted.target) and ship.unknown.startswith("the step's target")
    lines = ship.lines if target == ship.target else {key: line for key, line in ship.lines.items() if key != "target"}
    return dataclasses.replace(
        ship,
        args=args,
        target=target,
        lines=lines,
        unknown="" if settled else ship.unknown,
        dynamic=ship.dynamic - wanted.args.keys(),
    )


def builds(repository: Repository, project: Project, ship: Ship, every: list[Ship], depth: int = 0) -> Build:
    """What goes into the build of one image. Raises ``BuildError`` for an ignore file that the builder refuses."""
    folder = _folder(repository, ship)
    tracked = repository.tracked() if ship.git or ship.source == "workflow" else None
    ignored: dict[str, tuple[str, int]] = {}
    if tracked is not None:
        ignored = repository.ignored_by_git([one for one in project.files if one not in tracked])
    left_out = frozenset(project.files) - tracked if tracked is not None and ship.git else frozenset(ignored)
    context = context_of(repository, folder, ship.dockerfile, left_out)
    extra = {
        name: one
        for name, text in _extras(ship, every)
        if (one := _context(repository, project, text, every, depth)) is not None
    }
    origins = frozenset(project.files) - left_out if left_out else frozenset()
    return Build(
        context,
        ship.target,
        ship.args,
        extra,
        Needs(frozenset(project.files), _distribution(repository, project)),
        repository.read,
        repository.archive,
        origins=origins,
        git_ignored=ignored,
    )


def _distribution(repository: Repository, project: Project) -> str:
    """The name under which the project would be published, from the nearest pyproject.toml."""
    for folder in dict.fromkeys([project.directory, "."]):
        try:
            name = (
                tomllib.loads(repository.read(clean(f"{folder}/pyproject.toml")) or "").get("project", {}).get("name")
            )
        except (tomllib.TOMLDecodeError, RecursionError, AttributeError):
            continue
        if isinstance(name, str):
            return name
    return ""


def _extras(ship: Ship, every: list[Ship]) -> list[tuple[str, str]]:
    """Named contexts, and images of other ships by their names: ``FROM app-base`` beside a service that builds it."""
    others = [
        (one.image, f"image:{one.name}") for one in every if one.image and one.name != ship.name and not one.unknown
    ]
    bare = [
        (image.rpartition(":")[0] if ":" in image.rpartition("/")[2] else f"{image}:latest", goal)
        for image, goal in others
    ]
    return [*others, *bare, *ship.extra.items()]


def _context(
    repository: Repository, project: Project, text: str, every: list[Ship], depth: int
) -> Context | str | Callable[[], Stage] | None:
    kind, colon, name = text.partition(":")
    if text.startswith("//"):
        return context_of(repository, clean(text[2:]), None, frozenset())
    if colon and kind in ("target", "service", "image"):
        other = next((one for one in every if one.name == name), None)
        return (
            _stage_of(repository, project, other, every, depth + 1) if other is not None and depth < DEEPEST else None
        )
    return text or None


def _stage_of(
    repository: Repository, project: Project, ship: Ship, every: list[Ship], depth: int
) -> Callable[[], Stage]:
    """The last stage of another build, evaluated when it is asked for."""

    def evaluated() -> Stage:
        text = ship.inline if ship.inline is not None else repository.read(ship.dockerfile or "") or ""
        made = evaluate(
            parse_dockerfile(text, ship.dockerfile or ship.path), builds(repository, project, ship, every, depth)
        )
        return made.stage(made.index(ship.target))

    return evaluated


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
            sources = [
                word for word in words[1:-1] if not word.startswith("--") and "$" not in word and "*" not in word
            ]
            found += sum(
                clean(f"{folder}/{one.lstrip('/')}") in repository.by_path
                for one in sources
                if clean(one) not in (".", "/")
            )
    return found


def context_of(repository: Repository, folder: str, dockerfile: str | None, left_out: frozenset[str]) -> Context:
    """A folder of the repository as a build context, with the ignore file that counts."""
    return Context(
        clean(folder),
        tuple(_entries(repository, clean(folder), left_out)),
        ignore_of(repository, clean(folder), dockerfile),
    )


def ignore_of(repository: Repository, folder: str, dockerfile: str | None) -> IgnoreFile:
    """``<Dockerfile>.dockerignore`` replaces the one at the context's root wholly, even when it is empty."""
    own = f"{dockerfile}.dockerignore" if dockerfile else ""
    if own and (text := repository.read(own)) is not None:
        return parse(text, own, for_dockerfile=True)
    path = ".dockerignore" if folder == "." else f"{folder}/.dockerignore"
    text = repository.read(path)
    return parse(text, path) if text is not None else IgnoreFile()


def _entries(repository: Repository, folder: str, left_out: frozenset[str]) -> list[Entry]:
    found = []
    for entry in repository.entries:
        path = inside(folder, entry.path)
        if path is not None and path != "." and entry.path not in left_out:
            found.append(Entry(path, entry.mode, entry.target, entry.folder))
    return found
