"""Replays the whole history on a scratch database and keeps the schema's fingerprint after every revision.

One replay answers which revision a schema is: bisection would save prints, not the replay. The prints are kept, keyed by
everything that decides them: the project's source files, the server's kind and version, the settings of its code.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gate.collect._stage import Stage
from gate.collect._target import without as without_tables
from gate.context import RunContext
from gate.databases.fingerprint import fingerprint, without
from gate.errors import GateError
from gate.facts.database_choice import DatabaseChoice
from gate.facts.environment import ProjectEnvironment
from gate.facts.history import History, Project
from gate.facts.schema import Schema
from gate.facts.target_evidence import Stamp
from gate.sandbox import LEFT_OUT, ProjectFailure

_FORMAT = "1"  # of the cached prints; part of their key
_SOURCE = (".py", ".sql", ".ini", ".toml", ".cfg", ".yml", ".yaml", ".lock", ".txt")


@dataclass(frozen=True)
class Replay:
    """The lines of the schema's fingerprint after each revision, in the order of running. ``reason``: why it stopped."""

    prints: Mapping[str, frozenset[str]]
    total: int
    reason: str | None = None


def replayed(context: RunContext, project: Project, history: History, left_out: frozenset[str]) -> Replay:
    """From the cache, else by running every revision. Never raises for the project's failures: it says how far it came."""
    environment, choice = context.fact(ProjectEnvironment), context.fact(DatabaseChoice)
    file = context.cache_dir / f"replay-{_key(context, project, history, choice, left_out)}.json.gz"
    kept = _load(file)
    if kept is not None:
        return Replay(kept, len(history.revisions))
    context.progress(f"replaying {len(history.revisions)} revisions to see which one the target's schema is")
    with context.timed("replay"):
        found = _run(context, project, history, environment, choice, left_out)
    if found.reason is None:
        _keep(file, found.prints)
    return found


def _run(
    context: RunContext,
    project: Project,
    history: History,
    environment: ProjectEnvironment,
    choice: DatabaseChoice,
    left_out: frozenset[str],
) -> Replay:
    prints: dict[str, frozenset[str]] = {}
    total = len(history.revisions)
    try:
        with Stage(context, project, environment, choice, history) as stage:
            stage.begin()
            for number, revision in enumerate(history.ordered):
                failed = stage.upgrade((revision.id,), None)
                if failed:
                    return Replay(
                        prints,
                        total,
                        f"revision {revision.id} cannot be replayed: {failed.error.strip().splitlines()[0]}",
                    )
                prints[revision.id] = fingerprint(without_tables(stage.database.schema(), left_out)).lines
                if number % 20 == 19:
                    context.progress(f"replayed {number + 1} of {total} revisions")
    except (GateError, ProjectFailure) as error:
        return Replay(prints, total, str(error))
    return Replay(prints, total)


def schema_at(context: RunContext, project: Project, history: History, heads: tuple[str, ...]) -> Schema:
    """The schema that an upgrade of an empty database to these revisions gives. Raises GateError."""
    with Stage(context, project, context.fact(ProjectEnvironment), context.fact(DatabaseChoice), history) as stage:
        stage.begin()
        failed = stage.upgrade(heads, None)
        if failed:
            raise GateError(f"revision {failed.revision} cannot be replayed: {failed.error.strip().splitlines()[0]}")
        return stage.database.schema()


def matched(replay: Replay, actual: Schema, history: History) -> Stamp:
    """The revisions whose schema is nearest to the actual one, in order of history."""
    if not replay.prints:
        return Stamp(total=replay.total, reason=replay.reason or "there is no revision")
    lines = fingerprint(actual).lines
    apart = {id: len(objects_apart(known, lines)) for id, known in replay.prints.items()}
    tie = {id: len(known ^ lines) for id, known in replay.prints.items()}
    best = min(replay.prints, key=lambda id: (tie[id], apart[id]))
    if not _alike(replay.prints[best], lines):
        reason = "the target's tables resemble no revision of this history"
        return Stamp(replayed=len(replay.prints), total=replay.total, reason=reason)
    nearest = [one.id for one in history.ordered if one.id in tie and tie[one.id] == tie[best]]
    return Stamp(tuple(nearest), apart[best], tie[best], len(replay.prints), replay.total, replay.reason)


def without_kinds(replay: Replay, kinds: Collection[str]) -> Replay:
    """The prints without the kinds of object that the target hides."""
    if not kinds:
        return replay
    return dataclasses.replace(replay, prints={id: without(lines, kinds) for id, lines in replay.prints.items()})


def lines_apart(replay: Replay, actual: Schema, revisions: Iterable[str]) -> int | None:
    """How far the actual schema is from the nearest of these revisions; None where none of them was replayed."""
    lines = fingerprint(actual).lines
    return min((len(replay.prints[id] ^ lines) for id in revisions if id in replay.prints), default=None)


def _alike(known: frozenset[str], lines: frozenset[str]) -> bool:
    """More in common than apart; an empty schema resembles nothing but an empty one."""
    return len(known & lines) > len(known ^ lines) / 2 if lines else not known


def objects_apart(one: Iterable[str], other: Iterable[str]) -> frozenset[str]:
    """The objects (kind and name) whose lines only one of the two prints has."""
    return frozenset(_object(line) for line in set(one) ^ set(other))


def _object(line: str) -> str:
    """A column of a table that is missing as a whole is part of that table's difference."""
    words = line.split(" ", 3)
    return " ".join(words[:3] if words[0] in ("constraint", "index", "trigger") else words[:2])


def _key(
    context: RunContext, project: Project, history: History, choice: DatabaseChoice, left_out: frozenset[str]
) -> str:
    """Digest of what decides the prints: settings, server, and every source file, since revisions import helpers."""
    settings = context.settings
    parts = [_FORMAT, choice.kind, choice.version, choice.url.rpartition("@")[2], project.name, project.section]
    parts += [settings.init_sql, settings.bootstrap, *settings.extensions, repr(sorted(settings.env.items()))]
    digest = hashlib.sha256("\0".join([*parts, *sorted(left_out), *(one.id for one in history.revisions)]).encode())
    for path in sorted(_sources(context.repo)):
        with contextlib.suppress(OSError):
            digest.update(f"{path}\0".encode("utf-8", "surrogateescape") + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _sources(repo: Path) -> Iterator[Path]:
    """Files that code may come from or be steered by; what nobody writes by hand is left out."""
    for here, folders, names in os.walk(repo):
        folders[:] = [one for one in folders if one not in LEFT_OUT and not one.startswith(".")]
        yield from (Path(here, name) for name in names if name.endswith(_SOURCE))


def _load(file: Path) -> dict[str, frozenset[str]] | None:
    """Prints out of the cache: each revision as what it adds to and takes from the one before it."""
    try:
        rows = json.loads(gzip.decompress(file.read_bytes()))
        lines: frozenset[str] = frozenset()
        found = {}
        for id, more, less in rows:
            lines = (lines | frozenset(more)) - frozenset(less)
            found[str(id)] = lines
        return found
    except (OSError, ValueError, TypeError, EOFError):
        return None


def _keep(file: Path, prints: Mapping[str, frozenset[str]]) -> None:
    rows, before = [], frozenset[str]()
    for id, lines in prints.items():
        rows.append([id, sorted(lines - before), sorted(before - lines)])
        before = lines
    temporary = file.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        temporary.write_bytes(gzip.compress(json.dumps(rows).encode()))
        temporary.replace(file)
