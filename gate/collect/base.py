"""The base branch's revision set, read from git objects: no checkout, nothing imported."""

from __future__ import annotations

from gate.collect import _revision_files
from gate.collect._git import Git
from gate.collect.history import blob_id, graph
from gate.context import RunContext
from gate.facts.base_commit import BaseCommit
from gate.facts.history import Base, History, Project


def collect(context: RunContext, project: Project, commit: BaseCommit) -> Base:
    """What the base has; with ``tip`` also what today's base branch has, where it moved on."""
    if commit.sha is None and commit.files is None:
        return Base(notes=commit.notes)
    history = (
        _from_texts(commit, project) if commit.files is not None else _from_commit(context, project, str(commit.sha))
    )
    tip = _from_commit(context, project, commit.tip) if commit.tip else None
    return Base(history, commit.sha, commit.ref, commit.found_by, tip, commit.notes)


def _from_texts(commit: BaseCommit, project: Project) -> History:
    texts = {path: text for path, text in (commit.files or {}).items() if _belongs(path, project)}
    return graph([_revision_files.read(path, text.encode()) for path, text in texts.items()], project.version_locations)


def _from_commit(context: RunContext, project: Project, sha: str) -> History:
    """Files that are the same in the working tree are not parsed in depth: their bodies are not asked about."""
    git = Git(context.repo)
    files = {path: id for path, id in git.files(sha, project.version_locations).items() if _belongs(path, project)}
    contents = git.blobs(files.values())
    here = {path: _here(context, path) for path in files}
    found = [_revision_files.read(path, contents.get(id, b""), deep=here[path] != id) for path, id in files.items()]
    return graph(found, project.version_locations)


def _here(context: RunContext, path: str) -> str | None:
    file = context.repo / path
    return blob_id(file.read_bytes()) if file.is_file() else None


def _belongs(path: str, project: Project) -> bool:
    folder, _, name = path.rpartition("/")
    if not name.endswith(".py") or name.startswith((".", "__init__")):
        return False
    places = project.version_locations
    return folder in places or (project.recursive and any(folder.startswith(place + "/") for place in places))
