"""The one command to run next, found in the order in which a person would look: current, history, upgrade, stamp."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from gate.facts.history import Project
from gate.facts.target import TargetPosition, UnknownRevision
from gate.facts.target_evidence import Stamp


@dataclass(frozen=True)
class Advice:
    """A command and why it is the one."""

    command: str
    why: str


def advice(
    position: TargetPosition, project: Project, stamp: Stamp | None, upgrade_to: str | None, stop: str = ""
) -> tuple[Advice, ...]:
    """What applies to this target; nothing where it stands at the head as it says. ``stop`` says why nothing may run."""
    alembic = program(project)
    if position.overlapping:
        return (_overlapping(position, alembic),)
    if position.state == "ahead":
        return (_ahead(position, alembic),)
    if position.state == "unknown-revision":
        return (_unknown(position, stamp, alembic),)
    if position.state == "unstamped":
        return (_unstamped(stamp, alembic),)
    if stamp and stamp.candidates:
        return (_false(position, stamp, alembic),)
    if position.state == "several-heads":
        return (_merge(position, alembic),)
    return (_upgrade(position, alembic, upgrade_to, stop),) if position.pending else ()


def _overlapping(position: TargetPosition, alembic: str) -> Advice:
    rows = ", ".join(position.overlapping)
    tops = " ".join(one for one in position.current if one not in position.overlapping)
    return Advice(
        f"{alembic} stamp --purge {tops}", f"the version table lists {rows}, which its other rows already imply"
    )


def _merge(position: TargetPosition, alembic: str) -> Advice:
    return Advice(
        f"{alembic} merge -m {shlex.quote('merge heads')} {' '.join(position.heads)}",
        "the code has several heads that no revision unites",
    )


def program(project: Project) -> str:
    """How this project's Alembic is called from the repository's root."""
    if project.kind == "flask":
        return "flask db"
    words = ["alembic"]
    config = project.config or ""
    if config and config != "alembic.ini" and not config.endswith("pyproject.toml"):
        words += ["-c", shlex.quote(config)]
    if project.section != "alembic":
        words += ["-n", shlex.quote(project.section)]
    return " ".join(words)


def _range(position: TargetPosition) -> str:
    return f"{position.current[0]}:heads" if len(position.current) == 1 else "heads"


def _upgrade(position: TargetPosition, alembic: str, upgrade_to: str | None, stop: str) -> Advice:
    count = len(position.pending)
    many = f"{count} revision{'s are' if count != 1 else ' is'} pending"
    if upgrade_to is None:
        because = stop or "look at them and at the findings first"
        why = f"{many}, and none of them may run now: {because}"
        return Advice(f"{alembic} history -r {_range(position)}", why)
    last = upgrade_to in position.heads or upgrade_to == "heads"
    whole = last and (upgrade_to == "heads" or set(position.heads) == {upgrade_to})
    if whole:
        goal = "heads" if len(position.heads) > 1 else "head"
        start = "the database is empty" if position.state == "empty" else many
        return Advice(
            f"{alembic} upgrade {goal}", f'{start}: Alembic\'s "Target database is not up to date" means this'
        )
    return Advice(
        f"{alembic} upgrade {upgrade_to}",
        f"{many}; up to here the plan is safe while the release now running still runs",
    )


def _stamped(stamp: Stamp) -> str:
    drift = f", {stamp.differences} objects apart" if stamp.differences else ""
    if len(stamp.candidates) == 1:
        return f"the schema is that of {stamp.candidates[0]}{drift}"
    return (
        f"the schema is that of {', '.join(stamp.candidates)}{drift}: these revisions leave equal schemas, so look at what "
        "the later ones do to the data before choosing"
    )


def _unknown(position: TargetPosition, stamp: Stamp | None, alembic: str) -> Advice:
    if stamp and stamp.candidates:
        lost = ", ".join(one.revision for one in position.unknown)
        best = _preferred(stamp, position.unknown)
        return Advice(f"{alembic} stamp --purge {best}", f"{lost} is not in this code; {_stamped(stamp)}")
    found = next((one for one in position.unknown if one.commit), None)
    if found and found.whereabouts == "other-branch":
        return Advice(
            f"git log -1 -p {found.commit}",
            f"{found.revision} lives on {', '.join(found.branches[:3]) or 'another branch'}: {_reason(stamp)}",
        )
    if found:
        return Advice(f"git show {found.commit}", f"this commit took {found.revision} away: {_reason(stamp)}")
    return Advice(f"{alembic} history", f"no file and no commit has the target's revision: {_reason(stamp)}")


def stamped_with(position: TargetPosition, stamp: Stamp | None) -> str | None:
    """The revision that the advice stamps a target with whose version table does not say where it is."""
    if not stamp or not stamp.candidates or position.state not in ("unstamped", "unknown-revision"):
        return None
    return _preferred(stamp, position.unknown)


def _preferred(stamp: Stamp, unknown: tuple[UnknownRevision, ...]) -> str:
    """Of equal schemas the one that git names: the squash, or the nearest ancestor that is left."""
    named = [id for one in unknown for id in (*one.successors, one.nearest) if id in stamp.candidates]
    return next((id for id in named if id), stamp.candidates[0])


def _reason(stamp: Stamp | None) -> str:
    return (stamp.reason if stamp else None) or "no revision of this code has the target's schema"


def _ahead(position: TargetPosition, alembic: str) -> Advice:
    found = position.unknown[0]
    below = position.heads[0] if position.heads else "base"
    return Advice(
        f"git checkout {found.commit} && {alembic} history -r {below}:{found.revision}",
        f"the target is at {found.revision}, which a newer release brought ({_where(found)}): release that code or a later one; "
        "this code cannot go on from there",
    )


def _where(found: UnknownRevision) -> str:
    return f"commit {(found.commit or '')[:12]} by {found.author}" if found.commit else "not found in git"


def _unstamped(stamp: Stamp | None, alembic: str) -> Advice:
    if stamp and stamp.candidates:
        return Advice(
            f"{alembic} stamp {stamp.candidates[0]}", f"there are tables and no version row; {_stamped(stamp)}"
        )
    return Advice(
        f"{alembic} history", f"there are tables and no version row, and no revision can be told: {_reason(stamp)}"
    )


def _false(position: TargetPosition, stamp: Stamp, alembic: str) -> Advice:
    said = ", ".join(position.current)
    return Advice(f"{alembic} stamp {stamp.candidates[0]}", f"the version table says {said}, but {_stamped(stamp)}")
