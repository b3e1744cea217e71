"""The images that ship, judged without building them; or a built one, read without starting it."""

from __future__ import annotations

import dataclasses
import posixpath

from gate.collect._image_archive import archive_of, read_image
from gate.collect._image_files import Repository
from gate.collect._image_probe import ContextProbe
from gate.collect._image_ships import builds, ships
from gate.context import RunContext
from gate.docker.build import Build, Context, Stage
from gate.docker.dockerfile import parse
from gate.docker.errors import BuildError, UnknownError
from gate.docker.inspection import judge_image, wanted, with_cause
from gate.docker.judgement import BROKEN, CANNOT_TELL, Judgement
from gate.docker.lookup import Run
from gate.docker.paths import inside
from gate.docker.project import Hints, Project, describe
from gate.docker.remarks import remarks
from gate.docker.remedies import mend
from gate.docker.running import find
from gate.docker.shipping import Ship
from gate.docker.surroundings import after
from gate.docker.verdict import Places, judge
from gate.facts.history import Project as Environment
from gate.facts.image import ImageAnswer, ImageFacts, ImageNote, Level
from gate.settings import Settings


def collect(context: RunContext, environment: Environment) -> ImageFacts:
    """Every image that ships, with its answer; the one that runs the migrations decides."""
    with context.timed("image"):
        repository = Repository(context.repo)
        return _facts(context, repository, project_of(repository, environment))


def _facts(context: RunContext, repository: Repository, project: Project) -> ImageFacts:
    if context.settings.image:
        return _inspected(context, repository, project)
    probe = ContextProbe(repository) if context.settings.docker_probe else None
    found = ships(context.settings, repository)
    if isinstance(found, str):
        return ImageFacts(none=found)
    ours = [ship for ship in found if not ship.aside]
    answers = tuple(_answer(context.settings, repository, project, ship, found, probe) for ship in ours)
    return ImageFacts(answers, _deciding(answers))


def _inspected(context: RunContext, repository: Repository, project: Project) -> ImageFacts:
    """The built image that ``--image`` names, with the cause from the Dockerfile's model where both agree."""
    name = context.settings.image
    static = _static(context.settings, repository, project)
    try:
        with archive_of(name, context.repo, context.workdir) as path:
            built = read_image(path, name, wanted(project))
    except UnknownError as unknown:
        judged = Judgement(
            CANNOT_TELL, path=unknown.path, line=unknown.line, message=unknown.what, settle=unknown.settle
        )
        return ImageFacts((_fact(judged, project, Ship(name, "image", name), False),))
    stage = Stage(
        "",
        0,
        1,
        tree=built.tree,
        workdir=built.workdir,
        env=dict(built.env),
        user=built.user,
        entrypoint=built.entrypoint,
        command=built.command,
    )
    run = _run(context.settings, project, stage, Ship(name, "image", name), Build(Context(".", ())))
    judged = with_cause(judge_image(stage, project, run, repository.read, name), static)
    return ImageFacts((_fact(judged, project, Ship(name, "image", name, dockerfile=None), bool(run.said)),))


def _static(settings: Settings, repository: Repository, project: Project) -> list[Judgement]:
    """What the Dockerfiles' model says of the images that ship; nothing where that itself cannot be told."""
    found = ships(settings, repository)
    judged = []
    for ship in found if not isinstance(found, str) else []:
        if not ship.aside:
            one, build = _judged(settings, repository, project, ship, found, started=[])  # type: ignore[arg-type]  # a list here
            context = build.context.folder if build else "."
            judged.append(dataclasses.replace(one, mend=one.mend or mend(one, project, context, repository.read)))
    return judged


def _fact(judged: Judgement, project: Project, ship: Ship, starts: bool, level: Level = "static") -> ImageAnswer:
    notes = tuple(ImageNote(*note) for note in judged.notes)
    return ImageAnswer(
        ship.name,
        judged.verdict,
        judged.reason,
        judged.path,
        judged.line,
        judged.missing,
        judged.present,
        judged.target,
        judged.message,
        judged.settle,
        judged.mend,
        notes,
        "inspection" if ship.source == "image" else level,
        ship.source,
        ship.dockerfile,
        ship.context,
        judged.revisions,
        starts,
    )


def project_of(repository: Repository, environment: Environment) -> Project:
    """What an upgrade of this environment needs, as the repository holds it."""
    config = environment.config or ""
    hints = Hints(
        config,
        environment.section,
        repository.resolve(environment.script_location) if environment.script_location else "",
        tuple(repository.resolve(one) for one in environment.version_locations),
        environment.recursive,
        environment.directory,
        environment.kind == "flask",
        environment.prepend_sys_path,
    )
    return describe(repository.files, repository.read, hints)


def _answer(
    settings: Settings,
    repository: Repository,
    project: Project,
    ship: Ship,
    every: list[Ship],
    probe: ContextProbe | None,
) -> ImageAnswer:
    """The judgement of one image as a fact."""
    started: list[Run] = []
    judgement, build = _judged(settings, repository, project, ship, every, started=started, probe=probe)
    level: Level = "context probe" if build is not None and build.context.listed is not None else "static"
    context = build.context.folder if build else ship.context
    whole = dataclasses.replace(judgement, mend=judgement.mend or mend(judgement, project, context, repository.read))
    return _fact(whole, project, dataclasses.replace(ship, context=context), any(run.said for run in started), level)


def _judged(
    settings: Settings,
    repository: Repository,
    project: Project,
    ship: Ship,
    every: list[Ship],
    *,
    started: list[Run],
    probe: ContextProbe | None = None,
) -> tuple[Judgement, Build | None]:
    if ship.unknown:
        return Judgement(
            CANNOT_TELL,
            path=ship.path,
            line=ship.line,
            target=None,
            message=ship.unknown,
            settle="name it with --dockerfile, --docker-context and --docker-target",
        ), None
    try:
        build = builds(repository, project, ship, every)
        build, probed = probe.probed(build, ship.dockerfile) if probe is not None else (build, [])
        text = ship.inline if ship.inline is not None else repository.read(ship.dockerfile or "Dockerfile")
        if text is None:
            return Judgement(
                BROKEN,
                "build_fails",
                ship.path,
                ship.line,
                project.files,
                target=ship.target,
                message=f"there is no {ship.dockerfile}",
            ), build
        dockerfile = parse(text, ship.dockerfile or ship.path)
    except BuildError as stop:
        return Judgement(
            BROKEN,
            "build_fails",
            stop.path,
            stop.line,
            project.files,
            target=ship.target,
            message=f"the build stops: {stop.what}",
        ), None

    def runs(stage: Stage) -> Run:
        run = _run(settings, project, stage, ship, build)
        started.append(run)
        return run

    judged = after(judge(dockerfile, build, project, runs, _places(ship)), ship, text)
    said = remarks(
        dockerfile, build.context.ignore, ship, lambda path: path in repository.by_path, build.context.folder
    )
    untracked = _untracked(repository, project) if not ship.git else []
    return dataclasses.replace(judged, notes=(*judged.notes, *said, *untracked, *probed)), build


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


def _run(settings: Settings, project: Project, stage: Stage, ship: Ship, build: Build) -> Run:
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


def _deciding(answers: tuple[ImageAnswer, ...]) -> int:
    """The image that runs the migrations: one seen to start the upgrade, else the one that carries most of them."""

    def weight(number: int) -> tuple[bool, bool, int, int]:
        one = answers[number]
        named = any(word in one.name.lower() for word in ("migrat", "alembic", "upgrade", "prestart"))
        return one.starts_upgrade, named, len(one.present), -number

    return max(range(len(answers)), key=weight) if answers else 0
