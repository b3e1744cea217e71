"""Why a needed file is not where Alembic looks: one of the fixed reasons, with the file and line that decided."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from gate.docker.build import UNKNOWN_FOLDER, Context, Stage
from gate.docker.dockerfile import Instruction
from gate.docker.errors import BuildError, UnknownError
from gate.docker.evaluation import Evaluation
from gate.docker.judgement import Gap
from gate.docker.paths import inside, rooted
from gate.docker.patterns import has_wildcard
from gate.docker.stages import evaluate
from gate.docker.tree import Event, File, Link, Place

SITE = "/site-packages/"


@dataclass
class Case:
    """One image being explained. ``judge_stage`` says whether another stage would be fine as the target."""

    made: Evaluation
    stage: Stage
    cwd: str
    judge_stage: Callable[[Stage], bool] = lambda stage: False
    where: dict[str, list[str]] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)
    holders: dict[int, dict[str, Event]] = field(default_factory=dict)
    free: set[str] | None = None
    carriers: dict[str, tuple[str, str]] = field(default_factory=dict)
    context_place: tuple[str, int] | None = None
    target_place: tuple[str, int] | None = None
    start_place: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        for path, file in self.stage.tree.files():
            if file.origin:
                self.where.setdefault(file.origin, []).append(path)
        for event in self.stage.tree.journal:
            self.events.setdefault(event.origin, []).append(event)

    @property
    def head(self) -> Place:
        """The FROM of the built stage."""
        return Place(self.made.dockerfile.path, self.stage.line)


Why = tuple[str, str | None, int | None, str]


def explain(case: Case, origin: str, role: str, expected: str | None) -> Gap:
    """The gap of one file. Raises ``UnknownError`` where reading alone does not tell."""
    reason, path, line, detail = _why(case, origin, expected)
    if reason == "never_copied":
        reason = {"config": "config_missing", "module": "env_import_missing"}.get(role, reason)
    landed = case.where.get(origin, [None])[0]
    carrier = case.carriers.get(origin) if reason in ("earlier_stage_only", "wrong_stage") else None
    return Gap(origin, role, expected, reason, path, line, shown(detail), landed, carrier)


def _why(case: Case, origin: str, expected: str | None) -> Why:
    for ask in (_link, _doubt, _packaged, _there, _landed, _gone, _mounted, _elsewhere, _outside):
        why = ask(case, origin, expected)
        if why is not None:
            return why
    for context in case.made.build.contexts.values():
        why = _ignored_by(context, origin) if isinstance(context, Context) else None
        if why is not None:
            return why
    place = nearest(case, origin)
    return "never_copied", place.path, place.line, f"no COPY or ADD of stage {case.stage.label} takes {origin}"


def _link(case: Case, origin: str, expected: str | None) -> Why | None:
    """A symbolic link on the way whose goal is not in the image."""
    parts = [part for part in (expected or "").split("/") if part]
    for depth in range(1, len(parts) + 1):
        path = "/" + "/".join(parts[:depth])
        base = case.stage.tree.resolve(posixpath.dirname(path)) or "/"
        node = case.stage.tree.at(f"{base.rstrip('/')}/{parts[depth - 1]}")
        if isinstance(node, Link) and case.stage.tree.get(path) is None:
            return (
                "symlink_outside",
                node.place.path,
                node.place.line,
                f"{path} is a symbolic link to {node.target}, which is not in the image",
            )
    return None


def _doubt(case: Case, origin: str, expected: str | None) -> Why | None:
    """A RUN or an image that is not followed may have put it there, or taken it away."""
    if expected is None:
        return None
    real = case.stage.tree.resolve(expected) or expected
    node = case.stage.tree.at(real)
    if isinstance(node, File) and node.doubt:
        place = case.stage.tree.doubter(real, node)
        raise UnknownError(f"whether {origin} is at {expected}: {node.doubt}", place.path or None, place.line)
    fog = case.stage.tree.fog_over(real)
    if node is None and fog is not None:
        raise UnknownError(
            f"whether {origin} is at {expected}: {fog.why}", fog.place.path or case.head.path, fog.place.line
        )
    return None


def _packaged(case: Case, origin: str, expected: str | None) -> Why | None:
    """The project was installed from its files, and the package build left this one out."""
    if expected is not None and SITE not in expected:
        return None
    if case.stage.foreign and origin not in case.where:
        raise UnknownError(
            f"whether {origin} is in an installed package: {case.stage.foreign}", case.head.path, case.head.line
        )
    stages = [
        case.stage,
        *(case.made.done[number] for number in sorted(case.stage.uses, reverse=True) if number in case.made.done),
    ]
    for one in (install for stage in stages for install in stage.installs):
        if origin in one.left_out:
            path, line = one.setting or (one.place.path, one.place.line)
            return "not_packaged", path, line, f"{origin} is in the project, but its package leaves it out"
    return None


def _there(case: Case, origin: str, expected: str | None) -> Why | None:
    """Something else lies at the path, or a later instruction took the file from it."""
    node = case.stage.tree.get(expected) if expected else None
    if isinstance(node, File):
        return (
            "overwritten",
            node.place.path,
            node.place.line,
            f"{expected} holds {node.origin or 'something else'}, not {origin}",
        )
    last = _last(case, origin, expected)
    return _event(case, last) if last is not None and last.kind != "placed" else None


def _last(case: Case, origin: str, path: str | None) -> Event | None:
    events = reversed(case.events.get(origin, []))
    return next((event for event in events if path in (None, event.path)), None)


def _event(case: Case, event: Event) -> Why:
    word = "takes away" if event.kind == "removed" else "puts something else at"
    return event.kind, event.place.path, event.place.line, f"line {event.place.line} {word} {event.path}"


def _landed(case: Case, origin: str, expected: str | None) -> Why | None:
    """In the image, but elsewhere: the COPY that put it there decides, or a WORKDIR after it."""
    places = case.where.get(origin)
    if not places:
        return None
    node = case.stage.tree.at(places[0])
    place = node.place if isinstance(node, File) else case.head
    kept = places[0].endswith("/" + origin) or (expected is not None and _same_tail(places[0], expected))
    if kept and case.start_place is not None:
        return (
            "wrong_path",
            *case.start_place,
            f"{origin} is at {places[0]}, but the process starts in {shown(case.cwd)}",
        )
    moved = case.stage.workdir_line
    if kept and moved is not None and moved > place.line and place.path == case.made.dockerfile.path:
        return (
            "wrong_path",
            case.made.dockerfile.path,
            moved,
            f"{origin} is at {places[0]}, but the process starts in {shown(case.cwd)}",
        )
    return (
        "wrong_path",
        place.path or case.head.path,
        place.line,
        f"{origin} is at {places[0]}, but Alembic looks for {shown(expected or 'it elsewhere')}",
    )


def _same_tail(one: str, two: str) -> bool:
    return one.split("/")[-2:] == two.split("/")[-2:]


def shown(path: str) -> str:
    """A path for a message."""
    return path.replace(UNKNOWN_FOLDER, "<the base image's folder>")


def _gone(case: Case, origin: str, expected: str | None) -> Why | None:
    last = _last(case, origin, None)
    return _event(case, last) if last is not None and last.kind != "placed" else None


def _mounted(case: Case, origin: str, expected: str | None) -> Why | None:
    for mount in case.stage.mounts:
        if origin in mount.origins:
            return (
                "mount_only",
                mount.place.path,
                mount.place.line,
                f"{origin} is only mounted while one RUN works; nothing of a mount stays",
            )
    return None


def _elsewhere(case: Case, origin: str, expected: str | None) -> Why | None:
    """In another stage: one that this stage builds on, or one that should have been the target."""
    candidates = [
        _Holder.of(case, number, origin) for number in range(len(case.made.heads)) if number != case.stage.index
    ]
    holders = [one for one in candidates if one is not None]
    apart = [
        one for one in holders if one.stage.index not in case.stage.uses and case.stage.index not in one.stage.parents
    ]
    better = [one for one in holders if one.stage.index not in case.stage.uses and case.judge_stage(one.stage)]
    if better:
        name = better[-1].stage.label
        case.carriers[origin] = (name, better[-1].path)
        path, line = case.target_place or (case.head.path, case.head.line)
        return (
            "wrong_stage",
            path,
            line,
            f"stage {case.stage.label} is built, but stage {name} is the one with the migrations",
        )
    for one in [*reversed([one for one in holders if one not in apart]), *apart]:
        case.carriers[origin] = (one.stage.label, one.path)
        return (
            "earlier_stage_only",
            one.place.path,
            one.place.line,
            f"{origin} is copied in stage {one.stage.label} only",
        )
    return None


@dataclass(frozen=True)
class _Holder:
    """A stage that holds a file, and the instruction that put it there."""

    stage: Stage
    place: Place
    path: str

    @staticmethod
    def of(case: Case, number: int, origin: str) -> _Holder | None:
        try:
            stage = case.made.stage(number)
        except BuildError:
            return None
        if number not in case.holders:
            placed = [event for event in stage.tree.journal if event.kind == "placed"]
            case.holders[number] = {event.origin: event for event in reversed(placed)}
        event = case.holders[number].get(origin)
        return _Holder(stage, event.place, event.path) if event is not None else None


def _outside(case: Case, origin: str, expected: str | None) -> Why | None:
    """Not in the context, or kept out of it by the ignore file while a COPY would take it."""
    context = case.made.build.context
    below = inside(context.folder, origin)
    if below is None:
        path, line = case.context_place or (case.head.path, case.head.line)
        return "wrong_context", path, line, f"the build's context is {context.folder}, which does not hold {origin}"
    ruling = context.ruling(below)
    if ruling.excluded and _would_be_taken(case, origin):
        line = ruling.pattern.line if ruling.pattern else 1
        text = ruling.pattern.text if ruling.pattern else ""
        return "ignored", context.ignore.path, line, f"`{text}` keeps {origin} out of the context"
    untracked = origin not in case.made.build.origins and case.made.build.origins
    if untracked:
        path, line = case.made.build.git_ignored.get(origin) or case.context_place or (case.head.path, case.head.line)
        reason = "ignored" if origin in case.made.build.git_ignored else "wrong_context"
        return reason, path, line, f"{origin} is not tracked by git, and the build takes the commit"
    return None


def _ignored_by(context: Context, origin: str) -> Why | None:
    """A named context has its own ignore file."""
    below = inside(context.folder, origin)
    ruling = context.ruling(below) if below is not None else None
    if ruling is None or not ruling.excluded or ruling.pattern is None:
        return None
    pattern = ruling.pattern
    return "ignored", context.ignore.path, pattern.line, f"`{pattern.text}` keeps {origin} out of the named context"


def _would_be_taken(case: Case, origin: str) -> bool:
    """Whether the same build without its ignore file would copy the file into the stage or one that it uses."""
    if case.free is None:
        case.free = _taken_without_ignoring(case)
    return not case.free or origin in case.free


def _taken_without_ignoring(case: Case) -> set[str]:
    """Everything that the build would take without its ignore file; empty when that build stops."""
    free = evaluate(case.made.dockerfile, case.made.build)
    free.source = case.made.build.context.tree(ignoring=False)
    try:
        stage = free.stage(case.stage.index)
        stages = [stage, *(free.stage(number) for number in stage.uses)]
    except BuildError:
        return set()
    return {event.origin for one in stages for event in one.tree.journal}


def nearest(case: Case, origin: str) -> Place:
    """The COPY of the stage that comes nearest to taking a file.

    One that names a folder or a glob above it, else FROM.
    """
    folders = {"/".join(origin.split("/")[:depth]) for depth in range(1, origin.count("/") + 2)}
    near: list[Instruction] = []
    for number in (*case.stage.parents, case.stage.index):
        for one in case.made.bodies[number]:
            if one.name in ("COPY", "ADD") and one.flag("from") is None and _is_near(one, case, folders):
                near.append(one)
    return Place(case.made.dockerfile.path, near[-1].line) if near else case.head


def _is_near(one: Instruction, case: Case, folders: set[str]) -> bool:
    context = case.made.build.context.folder
    for word in one.words[:-1]:
        plain = rooted(word)
        parts = plain.split("/")
        first = next((number for number, part in enumerate(parts) if has_wildcard(part)), len(parts))
        plain = "/".join(parts[:first])
        if f"{context}/{plain}".removeprefix("./") in folders or (plain in ("", ".") and (one.flags or "*" in word)):
            return True
    return False
