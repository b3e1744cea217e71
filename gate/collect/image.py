"""The images that ship, judged without building them; or a built one, read without starting it."""

from __future__ import annotations

import dataclasses

from gate.collect._image_archive import BuiltImage, archive_of, read_image
from gate.collect._image_files import Repository
from gate.collect._image_judging import Inquiry, judged, run_in
from gate.collect._image_probe import ContextProbe
from gate.collect._image_ships import ships
from gate.context import RunContext
from gate.docker.build import Build, Context, Stage
from gate.docker.errors import UnknownError
from gate.docker.inspection import judge_image, wanted, with_cause
from gate.docker.judgement import CANNOT_TELL, Judgement
from gate.docker.project import Hints, Project, describe
from gate.docker.shipping import Ship
from gate.facts.history import Project as Environment
from gate.facts.image import ImageAnswer, ImageFacts, ImageNote, Level


def collect(context: RunContext, environment: Environment) -> ImageFacts:
    """Every image that ships, with its answer; the one that runs the migrations decides."""
    with context.timed("image"):
        repository = Repository(context.repo)
        found = ships(context.settings, repository)
        if isinstance(found, str) and not context.settings.image:
            return ImageFacts(none=found)
        every = found if not isinstance(found, str) else []
        return _facts(context, repository, project_of(repository, environment), every)


def _facts(context: RunContext, repository: Repository, project: Project, every: list[Ship]) -> ImageFacts:
    settings = context.settings
    if settings.image:
        return ImageFacts((_inspected(context, Inquiry(settings, repository, project, every)),))
    probe = ContextProbe(repository) if settings.docker_probe else None
    inquiry = Inquiry(settings, repository, project, every, probe)
    answers = tuple(_answer(inquiry, ship) for ship in every if not ship.aside)
    return ImageFacts(answers, _deciding(answers))


def _inspected(context: RunContext, inquiry: Inquiry) -> ImageAnswer:
    """The built image that ``--image`` names, with the cause from the Dockerfile's model where both agree."""
    name, project = inquiry.settings.image, inquiry.project
    ship = Ship(name, "image", name, dockerfile=None)
    static = [judged(inquiry, one).judgement for one in inquiry.every if not one.aside]
    try:
        with archive_of(name, context.repo, context.workdir) as path:
            stage = _stage_of(read_image(path, name, wanted(project)))
    except UnknownError as unknown:
        told = Judgement(CANNOT_TELL, path=unknown.path, line=unknown.line, message=unknown.what, settle=unknown.settle)
        return _fact(told, project, Ship(name, "image", name), False)
    run = run_in(inquiry.settings, project, stage, ship, Build(Context(".", ())))
    found = with_cause(judge_image(stage, project, run, inquiry.repository.read, name), static)
    return _fact(found, project, ship, bool(run.said))


def _stage_of(built: BuiltImage) -> Stage:
    """A built image as the one stage that it is."""
    return Stage(
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


def _answer(inquiry: Inquiry, ship: Ship) -> ImageAnswer:
    """The judgement of one image as a fact."""
    found = judged(inquiry, ship)
    build = found.build
    level: Level = "context probe" if build is not None and build.context.listed is not None else "static"
    placed = dataclasses.replace(ship, context=build.context.folder if build else ship.context)
    return _fact(found.judgement, inquiry.project, placed, found.starts, level)


def _fact(judgement: Judgement, project: Project, ship: Ship, starts: bool, level: Level = "static") -> ImageAnswer:
    notes = tuple(ImageNote(*note) for note in judgement.notes)
    return ImageAnswer(
        ship.name,
        judgement.verdict,
        judgement.reason,
        judgement.path,
        judgement.line,
        judgement.missing,
        judgement.present,
        judgement.target,
        judgement.message,
        judgement.settle,
        judgement.mend,
        notes,
        "inspection" if ship.source == "image" else level,
        ship.source,
        ship.dockerfile,
        ship.context,
        judgement.revisions,
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


def _deciding(answers: tuple[ImageAnswer, ...]) -> int:
    """The image that runs the migrations: one seen to start the upgrade, else the one that carries most of them."""

    def weight(number: int) -> tuple[bool, bool, int, int]:
        one = answers[number]
        named = any(word in one.name.lower() for word in ("migrat", "alembic", "upgrade", "prestart"))
        return one.starts_upgrade, named, len(one.present), -number

    return max(range(len(answers)), key=weight) if answers else 0
