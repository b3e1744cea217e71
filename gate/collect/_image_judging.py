"""One image that ships, judged: its build evaluated, Alembic's look-up followed in it, and what lies around it."""

from __future__ import annotations

import dataclasses
import posixpath
from dataclasses import dataclass

from gate.collect._image_files import Repository
from gate.collect._image_probe import ContextProbe
from gate.collect._image_ships import builds
from gate.docker.build import Build, Stage
from gate.docker.dockerfile import Dockerfile, parse
from gate.docker.errors import BuildError
from gate.docker.judgement import BROKEN, CANNOT_TELL, Judgement
from gate.docker.lookup import Run
from gate.docker.paths import inside
from gate.docker.project import Project
from gate.docker.remarks import remarks
from gate.docker.remedies import mend
from gate.docker.running import find
from gate.docker.shipping import Ship
from gate.docker.surroundings import after
from gate.docker.verdict import Places, judge
from gate.settings import Settings

Note = tuple[str, int, str]


@dataclass(frozen=True)
class Inquiry:
    """What judging any image of a repository needs. ``every`` are all its images: they may be made of each other."""

    settings: Settings
    repository: Repository
    project: Project
    every: list[Ship]
    probe: ContextProbe | None = None


@dataclass(frozen=True)
class Judged:
    """One image's judgement. ``build`` is None where it was not come to; ``starts``: it is seen to start the upgrade."""

    judgement: Judgement
    build: Build | None = None
    starts: bool = False


def judged(inquiry: Inquiry, ship: Ship) -> Judged:
    """The judgement of one image, with its remedy."""
    found = _judged(inquiry, ship)
    folder = found.build.context.folder if found.build else ship.context
    remedy = found.judgement.mend or mend(found.judgement, inquiry.project, folder, inquiry.repository.read)
    return dataclasses.replace(found, judgement=dataclasses.replace(found.judgement, mend=remedy))


def _judged(inquiry: Inquiry, ship: Ship) -> Judged:
    if ship.unknown:
        return Judged(_not_told(ship))
    build = None
    try:
        build, probed = _build(inquiry, ship)
        text = ship.inline if ship.inline is not None else inquiry.repository.read(ship.dockerfile or "Dockerfile")
        if text is None:
            return Judged(_stopped(inquiry, ship, ship.path, ship.line, f"there is no {ship.dockerfile}"), build)
        dockerfile = parse(text, ship.dockerfile or ship.path)
    except BuildError as stop:
        return Judged(_stopped(inquiry, ship, stop.path, stop.line, f"the build stops: {stop.what}"), build)
    return _evaluated(inquiry, ship, build, dockerfile, text, probed)


def _not_told(ship: Ship) -> Judgement:
    settle = "name it with --dockerfile, --docker-context and --docker-target"
    return Judgement(CANNOT_TELL, path=ship.path, line=ship.line, target=None, message=ship.unknown, settle=settle)


def _build(inquiry: Inquiry, ship: Ship) -> tuple[Build, list[Note]]:
    """What goes into the build; where a daemon is asked, with its list of the context and remarks."""
    build = builds(inquiry.repository, inquiry.project, ship, inquiry.every)
    return inquiry.probe.probed(build, ship.dockerfile) if inquiry.probe is not None else (build, [])


def _stopped(inquiry: Inquiry, ship: Ship, path: str, line: int, message: str) -> Judgement:
    files = inquiry.project.files
    return Judgement(BROKEN, "build_fails", path, line, files, target=ship.target, message=message)


def _evaluated(
    inquiry: Inquiry, ship: Ship, build: Build, dockerfile: Dockerfile, text: str, probed: list[Note]
) -> Judged:
    """The built stage heard, then what is around the build, and the remarks on all of it."""
    started: list[Run] = []

    def runs(stage: Stage) -> Run:
        started.append(run_in(inquiry.settings, inquiry.project, stage, ship, build))
        return started[-1]

    found = after(judge(dockerfile, build, inquiry.project, runs, _places(ship)), ship, text)
    notes = [*found.notes, *_remarks(inquiry, ship, build, dockerfile), *probed]
    return Judged(dataclasses.replace(found, notes=tuple(notes)), build, any(run.said for run in started))


def _remarks(inquiry: Inquiry, ship: Ship, build: Build, dockerfile: Dockerfile) -> list[Note]:
    repository, context = inquiry.repository, build.context
    said = remarks(dockerfile, context.ignore, ship, lambda path: path in repository.by_path, context.folder)
    return [*said, *(_untracked(repository, inquiry.project) if not ship.git else [])]


def _untracked(repository: Repository, project: Project) -> list[tuple[str, int, str]]:
    """Revisions that a build from this working tree holds, and one from a clean checkout does not."""
    tracked = repository.tracked()
    if tracked is None:
        return []
    missing = [one for one in project.revisions if one not in tracked]
    ignored = repository.ignored_by_git(missing)
    whys = {
        one: "git ignores it ({}:{})".format(*ignored[one]) if one in ignored else "git does not track it"
        for one in missing
    }
    return [
        (one, 1, f"{why}, so an image built from a clean checkout lacks this revision") for one, why in whys.items()
    ]


def _places(ship: Ship) -> Places:
    """Where a file says context and target; nothing of the sort for a plain Dockerfile."""
    if ship.source in ("flags", "dockerfile"):
        return Places()
    target = (ship.path, ship.lines["target"]) if ship.target and "target" in ship.lines else None
    start = (ship.path, ship.lines["working_dir"]) if "working_dir" in ship.lines else None
    return Places((ship.path, ship.lines.get("context", ship.line)), target, start)


def run_in(settings: Settings, project: Project, stage: Stage, ship: Ship, build: Build) -> Run:
    """How the upgrade starts there.

    What the flags say, else what the image's command shows, else Alembic's own look-up.
    """
    cwd = posixpath.join(stage.workdir, ship.workdir) if ship.workdir else stage.workdir
    stage.env.update(ship.env)
    if ship.user is not None:
        stage.user = ship.user
    entrypoint = stage.entrypoint if ship.entrypoint is None else ship.entrypoint
    command = ship.command if ship.command is not None else () if ship.entrypoint is not None else stage.command
    seen = [
        find(stage.tree, build.text, words, cwd, stage.env)
        for words in ((*entrypoint, *command), command, entrypoint)
        if words
    ]
    shown = next((one for one in seen if one is not None), None)
    said = (stage.name, stage.run_line or stage.line) if shown else None
    if settings.run_flask_directory:
        return Run(cwd, flask=settings.run_flask_directory, said=said)
    if settings.run_script_location:
        return Run(cwd, script=settings.run_script_location, said=said)
    if settings.run_config:
        return Run(cwd, settings.run_config, section=settings.section, said=said)
    return dataclasses.replace(shown, said=said) if shown else _usual(settings, project, cwd)


def _usual(settings: Settings, project: Project, cwd: str) -> Run:
    """Alembic's own look-up; what the project never starts that way is looked up as it is started."""
    script = inside(project.directory, project.script) or project.script
    if project.flask:
        return Run(cwd, flask=script)
    if project.config is None and project.script_given:
        return Run(cwd, script=script)
    if project.config is not None and posixpath.basename(project.config) not in ("alembic.ini", "pyproject.toml"):
        return Run(cwd, inside(project.directory, project.config) or project.config, section=settings.section)
    return Run(cwd, section=settings.section)
