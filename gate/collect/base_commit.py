"""Finds the base: the flag, what prepare found, the merge commit's first parent, or the merge base with the default branch."""

from __future__ import annotations

import os
from typing import Any, cast

from gate.collect._git import Git
from gate.collect._prepared import prepared
from gate.context import RunContext
from gate.errors import UsageError
from gate.facts.base_commit import BaseCommit, FoundBy

_ALONE = (
    "this shallow clone holds the branch {} alone, so only what is not committed counts as new: if it is not the "
    "base branch, fetch that one and name it with --base"
)


def collect(context: RunContext) -> BaseCommit:
    """The base commit. Raises UsageError when ``--base`` names a ref that is not here."""
    git = Git(context.repo)
    named = context.settings.base
    if named.lower() == "none":
        return BaseCommit(notes=("no base: every revision is one deploy",))
    if named:
        return _named(git, named)
    told = prepared(context.settings)
    if told:
        return _told(git, told)
    if not git.works:
        return BaseCommit(notes=("not a git work tree: every revision is one deploy",))
    return (
        _merge_parent(git)
        or _merge_base(git)
        or BaseCommit(notes=("no base branch found: every revision is one deploy",))
    )


def _named(git: Git, named: str) -> BaseCommit:
    tip = git.revision(named) or git.revision(f"origin/{named}")
    if tip is None:
        advice = f"Fetch it first (git fetch --depth=1 origin {named}), or name a ref that git branch -a shows."
        raise UsageError("git knows no such commit here", where=f"--base {named}", advice=advice)
    below = git.merge_base("HEAD", tip)
    return BaseCommit(below or tip, named, "flag", tip if below not in (None, tip) else None)


def _told(git: Git, told: dict[str, Any]) -> BaseCommit:
    """What prepare found with the token; the commit is here when it fetched it, else the files came by the API."""
    sha, by = told.get("base_sha"), cast(FoundBy, told.get("base_found_by") or "none")
    files = told.get("base_files")
    listed = {str(one["path"]): str(one["text"]) for one in files} if isinstance(files, list) else None
    if sha and listed is None and git.revision(sha) is None:
        note = f"the base commit {sha[:12]} is not in this checkout; give prepare a token or fetch-depth: 0"
        return BaseCommit(None, told.get("base_ref"), "none", notes=(note,))
    tip = told.get("base_tip_sha")
    here = tip if tip and tip != sha and git.revision(tip) else None
    notes = tuple(str(note) for note in told.get("notes") or ())
    return BaseCommit(sha, told.get("base_ref"), by, here, listed, notes)


def _merge_parent(git: Git) -> BaseCommit | None:
    """In a workflow's checkout of ``refs/pull/N/merge`` the first parent is the base's tip."""
    if os.environ.get("GITHUB_EVENT_NAME") not in ("pull_request", "merge_group"):
        return None
    parents = git.parents()
    if len(parents) == 2 and git.revision(parents[0]):
        return BaseCommit(parents[0], os.environ.get("GITHUB_BASE_REF") or None, "merge-parent")
    return None


def _merge_base(git: Git) -> BaseCommit | None:
    ref = git.default_base()
    if ref is None:
        return None
    tip = git.revision(ref)
    below = git.merge_base("HEAD", ref)
    if tip is None or below is None:
        return None
    return BaseCommit(
        below,
        ref.removeprefix("refs/remotes/").removeprefix("refs/heads/"),
        "merge-base",
        tip if tip != below else None,
        notes=(_ALONE.format(ref.rpartition("/")[2]),) if git.is_alone(ref) else (),
    )
