"""Finds revisions that the working tree does not have in git's history: who removed the file, or where it still lives.

``git log -G`` looks for commits whose diff touches the line ``revision = "<id>"`` (git-log(1)); first in the version
folders of all refs, then everywhere, then in the reflogs, for branches that are gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from gate.collect import _revision_files
from gate.collect._git import Git
from gate.collect.history import graph
from gate.facts.history import History, Project, Revision
from gate.facts.target import UnknownRevision

_FORMAT = "%x01%H%x00%P%x00%an <%ae>%x00%aI%x00%s%x00"
_SECONDS = 60.0
_RELEASES = ("refs/tags/",)
_MAIN = ("main", "master", "develop", "trunk")


@dataclass(frozen=True)
class _Event:
    """A commit that touched the line: ``status`` is git's letter, ``path`` relative to the repository's top."""

    commit: str
    parents: tuple[str, ...]
    author: str
    date: str
    subject: str
    status: str
    path: str


def find(git: Git, project: Project, history: History, revision: str) -> UnknownRevision:
    """What git knows about a revision of the target; ``not-found`` where it knows nothing."""
    if not git.works:
        return UnknownRevision(revision)
    events = _events(git, project, revision)
    if not events:
        return UnknownRevision(revision)
    ours = [one for one in events if _reaches(git, one.commit, "HEAD")]
    if not ours:
        return _elsewhere(git, project, history, revision, events)
    last = ours[0]
    if last.status == "A":
        return _known(git, project, history, revision, last, "uncommitted")
    return _known(git, project, history, revision, last, "removed")


def _reaches(git: Git, commit: str, ref: str) -> bool:
    return git.run("merge-base", "--is-ancestor", commit, ref) is not None


def _events(git: Git, project: Project, revision: str) -> list[_Event]:
    """Commits that added or removed the line, newest first, from the first place that has any."""
    folders = [f"{place}/" for place in project.version_locations if not place.startswith("/")]
    pattern = rf"^revision[^=]*=[^=]*['\"]{re.escape(revision)}['\"]"
    for refs, places in (("--all", folders), ("--all", ["*.py"]), ("--reflog", ["*.py"])):
        for merges in ("--no-merges", "-m"):
            words = [
                "log",
                "HEAD",
                refs,
                "--full-history",
                "--no-renames",
                "--topo-order",
                merges,
                "--name-status",
                "-z",
                f"--format={_FORMAT}",
                f"-G{pattern}",
                "--",
                *places,
            ]
            found = list(_read(git.run(*words, seconds=_SECONDS) or b""))
            relevant = [one for one in found if _is_about(git, one, revision)]
            if relevant:
                return relevant
    return []


def _read(out: bytes) -> Iterator[_Event]:
    """The log's records: a header of five fields, then pairs of status and path."""
    for record in out.decode("utf-8", "replace").split("\x01")[1:]:
        commit, parents, author, date, subject, rest = record.split("\0", 5)
        words = [word for word in rest.strip("\n").split("\0") if word.strip()]
        for status, path in zip(words[::2], words[1::2], strict=False):
            yield _Event(commit, tuple(parents.split()), author, date, subject, status.strip()[:1], path)


def _is_about(git: Git, event: _Event, revision: str) -> bool:
    """Did this commit really add or remove a file whose ``revision`` this is (``M``: an id that was replaced)?"""
    if event.status not in ("A", "D", "M"):
        return False
    raw = _text(git, event, before=event.status != "A")
    found = _revision_files.read(event.path, raw, deep=False) if raw is not None else None
    return isinstance(found, Revision) and found.id == revision


def _text(git: Git, event: _Event, *, before: bool) -> bytes | None:
    commit = event.parents[0] if before and event.parents else event.commit
    return git.run("cat-file", "blob", f"{commit}:{event.path}")


def _elsewhere(git: Git, project: Project, history: History, revision: str, events: list[_Event]) -> UnknownRevision:
    """On another branch: the commit that added the file, or removed it there as well."""
    added = [one for one in events if one.status == "A"]
    if not added or (events[0].status in ("D", "M") and not _lives(git, events[0].commit, events[0].path)):
        return _known(git, project, history, revision, events[0], "removed")
    return _known(git, project, history, revision, added[-1], "other-branch")


def _lives(git: Git, commit: str, path: str) -> bool:
    return git.run("cat-file", "-e", f"{commit}:{path}") is not None


def _known(git: Git, project: Project, history: History, revision: str, event: _Event, where: str) -> UnknownRevision:
    before = event.status != "A"
    raw = _text(git, event, before=before) or b""
    read = _revision_files.read(event.path, raw, deep=False)
    commit = event.parents[0] if before and event.parents else event.commit
    then = _history_at(git, project, commit)
    refs = _refs(git, event.commit) if where == "other-branch" else ()
    return UnknownRevision(
        revision=revision,
        whereabouts=where,  # type: ignore[arg-type]  # one of the literals, by the callers above
        commit=event.commit,
        author=event.author,
        date=event.date,
        subject=event.subject,
        path=_relative(git, event.path),
        message=read.message if isinstance(read, Revision) else "",
        successors=_added_beside(git, event, history) if where == "removed" else (),
        branches=tuple(_short(ref) for ref in refs),
        newer=where == "other-branch" and _is_newer(git, event, then, history, revision, refs),
        nearest=_nearest(then, history, revision),
    )


def _relative(git: Git, path: str) -> str:
    """Git names paths from the top of the work tree; the report from ``--repo``."""
    return path.removeprefix(git.prefix)


def _history_at(git: Git, project: Project, commit: str) -> History:
    """The revision graph of that commit, from the version folders of today."""
    files = {path: id for path, id in git.files(commit, project.version_locations).items() if path.endswith(".py")}
    texts = git.blobs(files.values())
    return graph(
        [_revision_files.read(path, texts.get(id, b""), deep=False) for path, id in files.items()],
        project.version_locations,
    )


def _nearest(then: History, history: History, revision: str) -> str | None:
    """The nearest ancestor that the working tree still has."""
    todo, seen = [revision], set()
    while todo:
        one = todo.pop(0)
        if one in history.by_id:
            return one
        if one in then.by_id and one not in seen:
            seen.add(one)
            todo += then.by_id[one].parents
    return None


def _is_newer(git: Git, event: _Event, then: History, history: History, revision: str, refs: tuple[str, ...]) -> bool:
    """Is the target ahead of this code: its revision stands on top of our heads, on the main line or in a release?"""
    above = then.ancestors([revision])
    main = git.default_base()
    official = any(ref.startswith(_RELEASES) or ref == main or _short(ref) in _MAIN for ref in refs)
    return official and bool(history.heads) and set(history.heads) <= above and _reaches(git, "HEAD", event.commit)


def _refs(git: Git, commit: str) -> tuple[str, ...]:
    out = git.run(
        "for-each-ref", f"--contains={commit}", "--format=%(refname)", "refs/heads", "refs/remotes", "refs/tags"
    )
    return tuple((out or b"").decode("utf-8", "replace").split())


def _short(ref: str) -> str:
    name = re.sub(r"^refs/(heads|remotes|tags)/", "", ref)
    return name.removeprefix("origin/")


def _added_beside(git: Git, event: _Event, history: History) -> tuple[str, ...]:
    """Revisions that the removing commit added in the same folder: what a squash put in the old ones' place."""
    out = git.run(
        "diff-tree",
        "--root",
        "-r",
        "-z",
        "--no-commit-id",
        "--no-renames",
        "--name-only",
        "--diff-filter=A",
        "-m",
        event.commit,
    )
    added = {_relative(git, path) for path in (out or b"").decode("utf-8", "replace").split("\0") if path}
    return tuple(one.id for one in history.revisions if one.path in added and PurePosixPath(one.path).suffix == ".py")
