"""``alembic-gate split REVISION [--write]``: the safe revisions for an unsafe one.

What ships now stays in the revisions' folder, chained behind the revision that keeps its id. What belongs into a later
deploy is put beside that folder, under ``later/deploy-N``, with a name that Alembic does not load: move it in, without
its last suffix, when its time comes.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gate import _split_source, registry, runner
from gate._split_source import Split
from gate.errors import FINDINGS, PASS, CannotDecide, UsageError, writing
from gate.model import Finding, ProjectReport, Verdict
from gate.settings import Settings

_ASKED = ("safe-operations", "split-steps")


@dataclass(frozen=True)
class File:
    """A file to write: its path in the repository, its text, and what it is."""

    path: str
    text: str
    what: str


def main(settings: Settings) -> int:
    """Print the revisions, or write them; 0 when all is split, 1 when something is left for a hand.

    Raises UsageError for a revision that is not new, CannotDecide when it could not be rehearsed.
    """
    words = [word for word in settings.arguments if word != "--write"]
    if len(words) != 1:
        raise UsageError("split takes one revision", where="split", advice="alembic-gate split REVISION [--write]")
    project, revision = _project(settings, words[0])
    findings = [one for one in project.findings if one.revision == revision and one.check in _ASKED]
    path = next((one.location.path for one in findings if one.location), None)
    if path is None:
        sys.stdout.write(f"{revision} needs no split: nothing was found.\n")
        return PASS
    source = settings.path(path).read_text("utf-8")
    levels = {id: rule.split for id, rule in registry.rules().items()}
    split = _split_source.split(source, findings, levels, project.dialect or "postgresql")
    files = tuple(_files(settings, revision, path, source, split))
    if "--write" in settings.arguments:
        _write(settings, files)
    sys.stdout.write(_said(files, split, written="--write" in settings.arguments))
    return FINDINGS if split.left else PASS


def _project(settings: Settings, wanted: str) -> tuple[ProjectReport, str]:
    """The project that the revision is new in, judged, and its full id. A revision of the base is refused."""
    asked = dataclasses.replace(settings, command="check", only=_ASKED, skip=(), arguments=())
    report = runner.run(asked, lambda _: None)
    for project in report.projects:
        fitting = [
            one for one in project.new_revisions if one == wanted or (len(wanted) > 3 and one.startswith(wanted))
        ]
        if len(fitting) > 1:
            raise UsageError(
                f"{wanted} is not one revision", where="split", advice=f"It may be {' or '.join(fitting)}."
            )
        if fitting:
            undecided = next((one for one in project.checks if one.verdict is Verdict.UNDECIDED), None)
            if undecided:
                raise CannotDecide(
                    undecided.reason or "the revision was not rehearsed", where=wanted, advice=undecided.advice
                )
            return project, fitting[0]
    new = ", ".join(one for project in report.projects for one in project.new_revisions) or "none"
    raise UsageError(
        f"{wanted} is not among the new revisions ({new})",
        where="split",
        advice="What the base has is history: databases have run it. Only if none has, name an older --base.",
    )


def _fits(revision: str, wanted: str) -> bool:
    """The id, or the start of it as Alembic takes it."""
    return revision == wanted or (len(wanted) > 3 and revision.startswith(wanted))


def _files(settings: Settings, revision: str, path: str, source: str, split: Split) -> Iterator[File]:
    if split.is_empty:
        return
    yield File(path, split.first, f"{revision}, changed")
    below, folder = revision, Path(path).parent
    last_now = revision
    for number, part in enumerate(sorted(split.parts, key=lambda one: one.deploy), start=1):
        id = _split_source.new_id(revision, number, part)
        place = folder if part.deploy == 1 else folder.parent / "later" / f"deploy-{part.deploy}"
        text = _split_source.render(source, part, id, below)
        name = f"{id}_{_slug(part.title)}.py{'' if part.deploy == 1 else '.later'}"
        yield File((place / name).as_posix(), text, f"deploy {part.deploy}: {part.title}")
        below = id
        last_now = id if part.deploy == 1 else last_now
    if last_now != revision:
        yield from _children(settings, folder, path, revision, last_now)


def _children(settings: Settings, folder: Path, path: str, revision: str, below: str) -> Iterator[File]:
    """Revisions that stood on the split one now stand on the last of its parts."""
    for file in sorted(settings.path(folder.as_posix()).glob("*.py")):
        text = file.read_text("utf-8", "replace")
        place = (folder / file.name).as_posix()
        changed = _reparented(text, revision, below)
        if place != path and changed != text:
            yield File(place, changed, f"stands on {below} now")


def _reparented(text: str, revision: str, below: str) -> str:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return text
    lines = text.splitlines(keepends=True)
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "down_revision":
            first, last = node.lineno - 1, node.end_lineno or node.lineno
            told = "".join(lines[first:last])
            lines[first:last] = [re.sub(rf"(['\"]){re.escape(revision)}\1", rf"\g<1>{below}\g<1>", told)]
            return "".join(lines)
    return text


def _slug(title: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", title.lower()))[:40].rstrip("_")


def _write(settings: Settings, files: tuple[File, ...]) -> None:
    for file in files:
        target = settings.path(file.path)
        with writing(target):
            target.write_text(file.text, encoding="utf-8")


def _said(files: tuple[File, ...], split: Split, *, written: bool) -> str:
    lines: list[str] = []
    for file in files:
        lines += [f"# {'wrote ' if written else ''}{file.path} ({file.what})"]
        lines += [] if written else ["", file.text]
    if any("VALIDATE" in part.upgrade for part in split.parts):
        lines.append("# VALIDATE needs a transaction of its own: set transaction_per_migration=True in env.py.")
    if any(part.deploy > 1 for part in split.parts):
        lines.append(
            "# Files under later/ belong to later deploys: move them into the revisions' folder then, without '.later'."
        )
    lines += [_hand(one) for one in split.left]
    return "\n".join(lines or ["# Nothing could be split by itself."]) + "\n"


def _hand(one: Finding) -> str:
    place = f"{one.location.path}:{one.location.line}" if one.location else (one.revision or "")
    steps = "".join(f"\n#   deploy {step.deploy}: {step.title}" for step in (one.remedy.steps if one.remedy else ()))
    summary = f" {one.remedy.summary}" if one.remedy else ""
    return f"# by hand: {place} {one.id}.{summary}{steps}"
