"""A built image judged: its tree, matched with the repository's files by content and by revision id."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence

from gate.docker.build import Build, Context, Stage
from gate.docker.dockerfile import parse
from gate.docker.errors import UnknownError
from gate.docker.judgement import BROKEN, Judgement
from gate.docker.lookup import Run, list_revisions
from gate.docker.project import Project
from gate.docker.stages import evaluate
from gate.docker.tree import Dir, File, Tree
from gate.docker.verdict import judge_stage, located

_REVISION = re.compile(r"^revision(?:\s*:[^=\n]+)?\s*=\s*['\"]([^'\"\n]+)['\"]", re.MULTILINE)
TEXTS = (".pth", ".ini", ".sh")


def wanted(project: Project) -> Callable[[str], bool]:
    """Which files of an image are read, by their paths: names that the repository's files have, and configs.

    Of folders named like the repository's version folders every module: a newer image holds unknown revisions.
    """
    names = {path.rpartition("/")[2] for path in project.files} | {
        "alembic.ini",
        "pyproject.toml",
        "passwd",
        "entrypoint",
    }
    folders = {name for path in project.revisions if (name := path.rpartition("/")[0].rpartition("/")[2])}
    folders |= {folder.rpartition("/")[2] for folder in project.versions}

    def reads(path: str) -> bool:
        *parents, name = path.split("/")
        return name in names or name.endswith(TEXTS) or (name.endswith(".py") and not folders.isdisjoint(parents))

    return reads


def revision_id(text: str | None) -> str | None:
    """The id that a revision file gives itself."""
    match = _REVISION.search(text or "")
    return match[1] if match else None


def with_origins(tree: Tree, project: Project, read: Callable[[str], str | None]) -> list[str]:
    """Say of each file which of the repository's it is; gives the revisions whose text differs."""
    ids = {found: path for path in project.revisions if (found := revision_id(read(path)))}
    texts: dict[str, list[str]] = {}
    for path in project.files:
        texts.setdefault(path.rpartition("/")[2], []).append(path)
    changed: list[str] = []
    for where, file in list(tree.files()):
        if file.data is None:
            continue
        text = file.data.decode("utf-8", "replace")
        origin = next((one for one in texts.get(where.rpartition("/")[2], []) if read(one) == text), None)
        if origin is None and where.endswith(".py") and (origin := ids.get(revision_id(text) or "")) is not None:
            changed.append(f"{where} differs from {origin}, but is the same revision")
        if origin is not None:
            _replace(tree, where, dataclasses.replace(file, origin=origin))
    return changed


def _replace(tree: Tree, path: str, file: File) -> None:
    parent, _, name = path.rpartition("/")
    folder = tree.at(parent or "/")
    if isinstance(folder, Dir):
        folder.children[name] = file


def users(tree: Tree) -> dict[str, str]:
    """Names and numbers of ``/etc/passwd``."""
    node = tree.get("/etc/passwd")
    rows = (node.data or b"").decode("utf-8", "replace").split("\n") if isinstance(node, File) else []
    return {row.split(":")[0]: row.split(":")[2] for row in rows if row.count(":") > 2}


def judge_image(stage: Stage, project: Project, run: Run, read: Callable[[str], str | None], shown: str) -> Judgement:
    """The answer for a built image; the reason says what is seen, since the instruction that caused it is not."""
    changed = with_origins(stage.tree, project, read)
    stage.users.update(users(stage.tree))
    build = Build(Context(".", ()), read=read, by_presence=True)
    made = evaluate(parse("FROM scratch\n", shown), build)
    made.done[0] = stage
    judged = judge_stage(made, stage, project, lambda _: run)
    held = _held(build, stage, project, run)
    notes = (*judged.notes, *((shown, 1, text) for text in changed))
    message = judged.message
    if judged.reason in ("never_copied", "config_missing"):
        message = f"the image does not hold {judged.missing[0]}"
    place = (None, None) if judged.path == shown else (judged.path, judged.line)
    seen = dataclasses.replace(judged, path=place[0], line=place[1], message=message, notes=notes, revisions=held)
    return dataclasses.replace(seen, target=None, mend="")


def _held(build: Build, stage: Stage, project: Project, run: Run) -> tuple[str, ...] | None:
    """The revision ids that Alembic finds in the image; None where the look-up itself is not known."""
    try:
        found = located(build, stage, project, run)
    except UnknownError:
        return None
    files = [
        file
        for folder in found.versions
        for file in list_revisions(stage.tree, folder, recursive=found.recursive).values()
    ]
    ids = (revision_id(build.text(file)) for file in files)
    return tuple(sorted({one for one in ids if one is not None}))


def with_cause(judged: Judgement, static: Sequence[Judgement]) -> Judgement:
    """Reason and line from the Dockerfile's model where it agrees that these files are missing."""
    missing = set(judged.missing)
    agreeing = [one for one in static if one.verdict == BROKEN and missing & set(one.missing)]
    if judged.verdict != BROKEN or not agreeing:
        return judged
    best = max(agreeing, key=lambda one: (set(one.missing) == missing, len(missing & set(one.missing))))
    return dataclasses.replace(
        judged, reason=best.reason, path=best.path, line=best.line, message=best.message, mend=best.mend
    )
