"""The open pull requests that ``prepare`` listed with the token, their revision files read without importing them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gate.collect import _revision_files
from gate.collect._prepared import prepared
from gate.context import RunContext
from gate.facts.history import Project, Revision
from gate.facts.pull_requests import OpenPullRequests, PullRequest


def collect(context: RunContext, project: Project) -> OpenPullRequests:
    """The open pull requests with the revisions of this project; files that cannot be read become part of the gap."""
    told = prepared(context.settings)
    listed = told.get("open_pulls")
    own = told.get("pull_request") if isinstance(told.get("pull_request"), int) else None
    base = told.get("base_ref") if isinstance(told.get("base_ref"), str) else None
    if not isinstance(listed, list):
        return OpenPullRequests(None, own, base, told.get("open_pulls_gap"))
    gaps = [told["open_pulls_gap"]] if told.get("open_pulls_gap") else []
    others: list[PullRequest] = []
    for one in listed:
        revisions, unread = _revisions(one.get("files") or [], project)
        gaps += [f"pull request #{one['number']}: {path} cannot be read" for path in unread]
        if revisions:
            others.append(PullRequest(one["number"], one["title"], one["url"], one["head_sha"], revisions))
    return OpenPullRequests(tuple(others), own, base, "; ".join(gaps) or None)


def _revisions(files: Iterable[dict[str, Any]], project: Project) -> tuple[tuple[Revision, ...], list[str]]:
    found: list[Revision] = []
    unread: list[str] = []
    for file in files:
        if not _belongs(file["path"], project):
            continue
        read = _revision_files.read(file["path"], file["text"].encode("utf-8", "replace"))
        if isinstance(read, Revision):
            found.append(read)
        elif read is not None:
            unread.append(file["path"])
    return tuple(found), unread


def _belongs(path: str, project: Project) -> bool:
    """Whether Alembic would load the file as a revision of this project."""
    folder, _, name = path.rpartition("/")
    if not name.endswith(".py") or name.startswith((".", "__init__")):
        return False
    places = project.version_locations
    return folder in places or (project.recursive and any(folder.startswith(f"{place}/") for place in places))
