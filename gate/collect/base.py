"""The base branch's revision set, read from git objects: no checkout, nothing imported."""

from __future__ import annotations

from gate.collect import _revision_files
from gate.collect._git import Git
from gate.collect.history import blob_ids, graph
from gate.context import RunContext
from gate.facts.base_commit import BaseCommit
from gate.facts.history import Base, History, Project


def collect(context: RunContext, project: Project, commit: BaseCommit, history: History) -> Base:
    """What the base has; with ``tip`` also what today's base branch has, where it moved on."""
    if commit.sha is None and commit.files is None:
        return Base(notes=commit.notes)
    if commit.files is not None:
        found = _from_texts(commit, project)
    else:
        found = _from_commit(context, project, str(commit.sha), history)
    tip = _from_commit(context, project, commit.tip, history) if commit.tip else None
    return Base(found, commit.sha, commit.ref, commit.found_by, tip, commit.notes)


def _from_texts(commit: BaseCommit, project: Project) -> History:
    texts = {path: text for path, text in (commit.files or {}).items() if _belongs(path, project)}
    return graph([_revision_files.read(path, text.encode()) for path, text in texts.items()], project.version_locations)


def _from_commit(context: RunContext, project: Project, sha: str, ours: History) -> History:
    """Files that are the same in the working tree were read already; only what differs is fetched and read."""
    git = Git(context.repo)
    files = {path: id for path, id in git.files(sha, project.version_locations).items() if _belongs(path, project)}
    here, read = blob_ids(context, project), {one.path: one for one in ours.revisions}
    same = {path for path, id in files.items() if here.get(path) == id and path in read}
    contents = git.blobs(id for path, id in files.items() if path not in same)
    found = [
        read[path] if path in same else _revision_files.read(path, contents.get(id, b""), deep=here.get(path) != id)
        for path, id in files.items()
    ]
    return graph(found, project.version_locations)


def _belongs(path: str, project: Project) -> bool:
    folder, _, name = path.rpartition("/")
    if not name.endswith(".py") or name.startswith((".", "__init__")):
        return False
    places = project.version_locations
    return folder in places or (project.recursive and any(folder.startswith(place + "/") for place in places))
