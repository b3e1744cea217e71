"""Fine, broken or cannot-tell for one image.

Alembic's look-up laid over the stage's tree, compared with the repository.
"""

from __future__ import annotations

import dataclasses
import posixpath
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gate.docker.build import UNKNOWN_FOLDER, Build, Stage
from gate.docker.dockerfile import Dockerfile
from gate.docker.errors import BuildError, UnknownError
from gate.docker.evaluation import Evaluation
from gate.docker.extras import strangers
from gate.docker.hearing import ORDER, Hearing
from gate.docker.judgement import BROKEN, CANNOT_TELL, FINE, Gap, Judgement
from gate.docker.lookup import Found, Options, Run, World, list_revisions, look_up
from gate.docker.modules import library, modules
from gate.docker.packages.environments import site_roots
from gate.docker.paths import clean, inside
from gate.docker.project import Project, options_at
from gate.docker.reasons import Case, nearest, shown
from gate.docker.stages import evaluate
from gate.docker.tree import File

SETTLE = "build the image and pass it with --image, or name the place with --run-config"
Runs = Callable[[Stage], Run]


@dataclass(frozen=True)
class Places:
    """Where compose, bake or a workflow names the context, the target and the folder of the process: file and line."""

    context: tuple[str, int] | None = None
    target: tuple[str, int] | None = None
    start: tuple[str, int] | None = None


def judge(dockerfile: Dockerfile, build: Build, project: Project, runs: Runs, places: Places = Places()) -> Judgement:
    """The answer for one build. ``runs`` says how the upgrade is started in a stage.

    ``places`` where context and target are named.
    """
    first = _judge(dockerfile, build, project, runs, places)
    if first.verdict == FINE:
        return first
    try:
        made = evaluate(dockerfile, build)
        stage = made.stage(made.index(build.target))
    except (BuildError, UnknownError):
        return first
    if stage.opaque and stage.unset and first.verdict == BROKEN:
        return _variable_unknown(first, stage)
    if not stage.opaque or not _depends_on_start(stage):
        return first
    for start in ["/", *sorted(goal for goal in stage.goals if not goal.startswith(UNKNOWN_FOLDER))]:
        other = _judge(dockerfile, dataclasses.replace(build, start=start), project, runs, places)
        if other.verdict != first.verdict:
            return _start_unknown(first, stage)
    return first


def _depends_on_start(stage: Stage) -> bool:
    return stage.workdir.startswith(UNKNOWN_FOLDER) or any(goal.startswith(UNKNOWN_FOLDER) for goal in stage.goals)


def _start_unknown(first: Judgement, stage: Stage) -> Judgement:
    message = f"the base image {stage.base} may set its own WORKDIR, and the paths here depend on it"
    settle = "write a WORKDIR into the Dockerfile, or build the image and pass it with --image"
    return dataclasses.replace(
        first,
        verdict=CANNOT_TELL,
        reason=None,
        path=first.dockerfile or first.path,
        line=stage.line,
        message=message,
        settle=settle,
        mend="",
    )


def _variable_unknown(first: Judgement, stage: Stage) -> Judgement:
    name = sorted(stage.unset)[0]
    message = f"the base image {stage.base} may set ${name}, on which paths here depend"
    settle = f"write an ENV {name} into the Dockerfile, or build the image and pass it with --image"
    return dataclasses.replace(
        first,
        verdict=CANNOT_TELL,
        reason=None,
        path=first.dockerfile or first.path,
        line=stage.line,
        message=message,
        settle=settle,
        mend="",
    )


def _judge(dockerfile: Dockerfile, build: Build, project: Project, runs: Runs, places: Places) -> Judgement:
    try:
        made = evaluate(dockerfile, build)
        stage = made.stage(made.index(build.target))
    except UnknownError as unknown:
        return Judgement(
            CANNOT_TELL, path=unknown.path, line=unknown.line, message=unknown.what, settle=unknown.settle or SETTLE
        )
    except BuildError as stop:
        target = build.target or None
        return Judgement(
            BROKEN, "build_fails", stop.path, stop.line, project.files, {}, target, f"the build stops: {stop.what}"
        )
    return judge_stage(made, stage, project, runs, places)


def judge_stage(
    made: Evaluation, stage: Stage, project: Project, runs: Runs, places: Places = Places(), *, deep: bool = True
) -> Judgement:
    """The answer for one evaluated stage; ``deep`` asks the other stages too."""
    run = runs(stage)

    def would_be_fine(other: Stage) -> bool:
        return deep and judge_stage(made, other, project, runs, deep=False).verdict == FINE

    case = Case(
        made,
        stage,
        run.cwd,
        would_be_fine,
        context_place=places.context,
        target_place=places.target,
        start_place=places.start,
    )
    hearing = Hearing(made, stage, project, run, case)
    try:
        found = located(made.build, stage, project, run)
    except UnknownError as unknown:
        hearing.unknown.append(unknown)
        _absent_anyway(hearing)
        return _answer(hearing)
    _hear(hearing, found)
    return _answer(hearing)


def located(build: Build, stage: Stage, project: Project, run: Run) -> Found:
    """Where Alembic looks in a stage. Raises ``UnknownError`` where a config cannot be read."""

    def stand_in(here: str) -> Options | None:
        return options_at(project.config, project.section, build.read, here)

    world = World(stage.tree, build.text, stage.env, site_roots(stage, run.cwd))
    return look_up(world, run, stand_in)


def _absent_anyway(hearing: Hearing) -> None:
    """The look-up is not known, but revisions that are nowhere in the image are missing wherever it looks."""
    for origin in hearing.project.revisions:
        if origin not in hearing.case.where and not _may_be_foggy(hearing):
            hearing.lacks(origin, "revision", None)


def _may_be_foggy(hearing: Hearing) -> bool:
    return bool(hearing.stage.tree.fogs) or _holds_nothing(hearing)


def _holds_nothing(hearing: Hearing) -> bool:
    """Nothing of the repository is copied into an image whose base is not known: it may come from the base."""
    return hearing.stage.opaque and not hearing.case.where


def _hear(hearing: Hearing, found: Found) -> None:
    foreign = hearing.stage.foreign if not hearing.case.where.keys() & set(hearing.project.files) else ""
    if _holds_nothing(hearing) or foreign:
        why = (
            foreign
            or f"nothing of the repository is copied into it, and the files of {hearing.stage.base} are not known"
        )
        hearing.unknown.append(UnknownError(why, hearing.case.head.path, hearing.stage.line))
        return
    _config(hearing, found)
    if found.script is None and not found.config_there and hearing.project.config is None:
        _absent_anyway(hearing)
        what = "how the image starts its upgrade: there is no Alembic config in the repository"
        hearing.unknown.append(
            UnknownError(
                what, hearing.case.head.path, hearing.stage.line, "say it with --run-config or --run-script-location"
            )
        )
        return
    _scripts(hearing, found)
    modules(hearing, found)
    library(hearing, found)


def _config(hearing: Hearing, found: Found) -> None:
    project = hearing.project
    if found.config is None or (hearing.run.flask is not None and not project.env_reads_config):
        return
    if found.config_there:
        node = hearing.stage.tree.get(found.config)
        origin = node.origin if isinstance(node, File) else None
        if found.script is None and not found.options.script:
            _empty_config(hearing, found, node)
        elif origin or hearing.build.by_presence:
            hearing.has(origin or project.config or found.config, found.config)
        else:  # the build makes it
            hearing.readable(project.config or found.config, found.config)
        return
    if project.config is not None:
        hearing.lacks(project.config, "config", found.config)


def _empty_config(hearing: Hearing, found: Found, node: object) -> None:
    """The config that Alembic opens says no script_location: another file, or another section."""
    place = node.place if isinstance(node, File) else hearing.case.head
    origin = hearing.project.config or "alembic.ini"
    detail = f"{found.config} has no script_location in [{hearing.run.section}]"
    hearing.gaps.append(Gap(origin, "config", found.config, "config_missing", place.path, place.line, detail))


def _expected(hearing: Hearing, found: Found, origin: str) -> str | None:
    """Where Alembic looks for a file of the script folder or of a version folder."""
    project = hearing.project
    for number, folder in enumerate(project.versions):
        below = inside(folder, origin)
        if below is not None and number < len(found.versions):
            return clean(f"{found.versions[number]}/{below}")
    below = inside(project.script, origin)
    return clean(f"{found.script}/{below}") if below is not None and found.script else None


def _scripts(hearing: Hearing, found: Found) -> None:
    project, tree = hearing.project, hearing.stage.tree
    if project.env:
        _one(hearing, project.env, "env", f"{found.script}/env.py" if found.script else None)
    listed: dict[str, str] = {}
    for folder in found.versions:
        for path, file in list_revisions(tree, folder, recursive=found.recursive).items():
            if file.origin and not file.doubt:
                listed.setdefault(file.origin, path)
    for origin in project.revisions:
        if origin in listed:
            hearing.has(origin, listed[origin])
        else:
            _one(hearing, origin, "revision", _expected(hearing, found, origin), listed=False)
    strangers(hearing, found)
    for origin in project.beside:
        _one(hearing, origin, "beside", _expected(hearing, found, origin))


def _one(hearing: Hearing, origin: str, role: str, expected: str | None, *, listed: bool = True) -> None:
    """A file that must lie at one path, itself or a file with the same content."""
    node = hearing.stage.tree.get(expected) if expected else None
    if (
        isinstance(node, File)
        and not node.doubt
        and expected
        and (listed or _loads(hearing, expected))
        and _same(hearing, node, origin)
    ):
        hearing.has(origin, expected)
    elif role == "beside" and any(
        path.endswith("/" + "/".join(origin.split("/")[-2:])) for path in hearing.case.where.get(origin, [])
    ):
        hearing.present[origin] = hearing.case.where[origin][0]
    else:
        hearing.lacks(origin, role, expected)


def _loads(hearing: Hearing, path: str) -> bool:
    """A revision of the same content under another name of the repository still counts."""
    return posixpath.basename(path).endswith(".py")


def _same(hearing: Hearing, node: File, origin: str) -> bool:
    if node.origin == origin or (hearing.build.by_presence and origin not in hearing.project.revisions):
        return True
    ours, theirs = hearing.build.text(node), hearing.build.read(origin)
    return ours is not None and ours == theirs


def _answer(hearing: Hearing) -> Judgement:
    stage = hearing.stage
    gaps = sorted(hearing.gaps, key=lambda gap: ORDER.index(gap.role))
    missing = tuple(dict.fromkeys(gap.origin for gap in gaps if not gap.origin.endswith("script.py.mako")))
    landed = {gap.origin: gap.landed for gap in gaps if gap.landed}
    present = {origin: shown(path) for origin, path in {**landed, **hearing.present}.items()}
    base = Judgement(
        FINE,
        missing=missing,
        present=present,
        target=stage.name or None,
        gaps=tuple(gaps),
        notes=tuple(_notes(hearing)),
        dockerfile=hearing.made.dockerfile.path,
        stage_line=stage.line,
    )
    if gaps:
        return _broken(base, gaps)
    if hearing.unknown:
        first = hearing.unknown[0]
        settle = first.settle or SETTLE
        return dataclasses.replace(
            base, verdict=CANNOT_TELL, path=first.path, line=first.line, message=shown(first.what), settle=settle
        )
    if not hearing.project.revisions:
        what = "the repository has no revision files to compare with"
        return dataclasses.replace(
            base, verdict=CANNOT_TELL, message=what, settle="name the project with --config or --script-location"
        )
    return dataclasses.replace(base, message=f"all {len(hearing.project.revisions)} revisions are where Alembic looks")


def _broken(base: Judgement, gaps: list[Gap]) -> Judgement:
    """The deciding gap: of the weightiest role, the reason that most files share."""
    role = [gap for gap in gaps if gap.role == gaps[0].role]
    common = Counter((gap.reason, gap.path, gap.line) for gap in role).most_common(1)[0][0]
    first = next(gap for gap in role if (gap.reason, gap.path, gap.line) == common)
    return dataclasses.replace(
        base, verdict=BROKEN, reason=first.reason, path=first.path, line=first.line, message=first.detail
    )


def _notes(hearing: Hearing) -> Iterator[tuple[str, int, str]]:
    path = hearing.made.dockerfile.path
    yield from hearing.remarks
    for source, line in hearing.stage.empty_globs:
        yield path, line, f"`{source}` matches nothing, so this line copies nothing (no error in the build)"
    for line, text in hearing.stage.notes:
        yield path, line, text


__all__ = ["Judgement", "judge", "judge_stage", "nearest"]
