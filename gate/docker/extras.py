"""Files in the image's version folders that are none of the repository's revisions, and that Alembic trips over."""

from __future__ import annotations

import ast
import re

from gate.docker.hearing import Hearing
from gate.docker.judgement import Gap
from gate.docker.lookup import Found, list_revisions
from gate.docker.tree import File

REVISION = re.compile(r"^revision(?:\s*:[^=\n]+)?\s*=\s*['\"]([^'\"\n]+)['\"]", re.MULTILINE)
_LEGACY = re.compile(r"[a-f0-9]+\.py")  # Alembic before 0.2 took the id from the name


def strangers(hearing: Hearing, found: Found) -> None:
    """A file without a revision id, or one whose parent is nowhere, stops every Alembic command."""
    project, build = hearing.project, hearing.build
    listed = {
        path: file
        for folder in found.versions
        for path, file in list_revisions(hearing.stage.tree, folder, recursive=found.recursive).items()
    }
    known = {match[1] for one in project.revisions if (match := REVISION.search(build.read(one) or ""))}
    extra = {path: file for path, file in listed.items() if file.origin not in project.revisions and not file.doubt}
    texts = {path: text for path, file in extra.items() if (text := build.text(file)) is not None}
    known |= {match[1] for text in texts.values() if (match := REVISION.search(text))}
    for path, text in sorted(texts.items()):
        why = _trouble(path, text, known)
        if why and text not in {build.read(one) for one in project.revisions}:
            hearing.gaps.append(_gap(hearing, path, extra[path], why))


def _trouble(path: str, text: str, known: set[str]) -> str:
    if REVISION.search(text) is None:
        return "" if _LEGACY.fullmatch(path.rpartition("/")[2]) else "has no revision id"
    missing = [parent for parent in parents(text) if parent not in known]
    return f"follows revision {missing[0]}, which is not there" if missing else ""


def parents(text: str) -> list[str]:
    """What ``down_revision`` names, where it is written out."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    for node in body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(one, ast.Name) and one.id == "down_revision" for one in targets):
            value = getattr(node, "value", None)
            constants = [one.value for one in ast.walk(value) if isinstance(one, ast.Constant)] if value else []
            return [one for one in constants if isinstance(one, str)]
    return []


def _gap(hearing: Hearing, path: str, file: File, why: str) -> Gap:
    place = file.place
    origin = file.origin or path
    detail = f"{path} {why}, and it lies in a folder from which Alembic loads revisions"
    return Gap(
        origin, "revision", path, "wrong_path", place.path or hearing.made.dockerfile.path, place.line, detail, path
    )
