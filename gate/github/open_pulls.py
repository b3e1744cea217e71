"""The other open pull requests to the same base, and the revision files that they bring.

One listing by the API; the files come by one git fetch of all their heads. Only where no git server answers, the API
is asked for each, up to a limit. What was not read is said, never silently left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gate.github.base import BaseFinder
from gate.github.client import ApiError, Client
from gate.github.context import OpenPull, RevisionFile
from gate.github.event import dig
from gate.github.revisions import TEXT_LIMIT, contents, is_revision

LIST_PAGES = 3
"""Pages of 100 open pull requests that are listed at most."""
FILES_EACH = 50
"""Revision files that one pull request may bring."""


@dataclass(frozen=True)
class Reading:
    """What was found, and what could not be evaluated."""

    pulls: tuple[OpenPull, ...] = ()
    gap: str | None = None


def brings_revisions(finder: BaseFinder, base: str, head: str = "HEAD") -> bool:
    """Whether a change adds or edits revision files; True when that cannot be told."""
    commit = finder.git.commit(head)
    if commit is None or finder.git.run("cat-file", "-e", f"{base}^{{tree}}") is None:
        return True
    blobs = finder.git.changed(base, commit).values()
    return any(is_revision(finder.git.text(blob, TEXT_LIMIT) or "") for blob in blobs)


def read(client: Client, finder: BaseFinder, base: str, own: int | None, limit: int) -> Reading:
    """The open pull requests to the branch ``base`` without number ``own``, at most ``limit`` of them read."""
    repository = str(finder.event.repository)
    try:
        listed = _listed(client, repository, base)
    except ApiError as error:
        return Reading(gap=f"the open pull requests could not be listed: {error.what}")
    others = [one for one in listed if one.number != own]
    chosen, gaps = others[:limit], []
    if len(others) > limit:
        gaps.append(
            f"{len(others) - limit} of {len(others)} open pull requests were not read (merge-order-limit: {limit})"
        )
    tip = finder.tip()
    pulls = _by_git(finder, tip, chosen) if tip else None
    if pulls is None:
        pulls, problem = _by_api(client, repository, chosen)
        gaps += [problem] if problem else []
    return Reading(tuple(one for one in pulls if one.files), "; ".join(gaps) or None)


def _listed(client: Client, repository: str, base: str) -> list[OpenPull]:
    found: list[OpenPull] = []
    query = {"state": "open", "base": base, "sort": "updated", "direction": "desc"}
    for page in client.pages(f"repos/{repository}/pulls", LIST_PAGES, **query):
        for item in page:
            number, sha = dig(item, int, "number"), dig(item, str, "head", "sha")
            if number is not None and sha is not None and dig(item, str, "base", "ref") in (None, base):
                title = (dig(item, str, "title") or "")[:200]
                found.append(OpenPull(number, title, sha, dig(item, str, "html_url") or ""))
    return found


def _by_git(finder: BaseFinder, tip: str, pulls: Iterable[OpenPull]) -> list[OpenPull] | None:
    """All heads in one fetch; None when the server does not give them."""
    wanted = [(f"refs/pull/{one.number}/head", f"refs/gate/pull/{one.number}") for one in pulls]
    if not wanted:
        return []
    if finder.private.fetch(wanted, "--depth=1") is not None:
        return None
    return [_with_files(finder, tip, one) for one in pulls]


def _with_files(finder: BaseFinder, tip: str, pull: OpenPull) -> OpenPull:
    head = finder.private.commit(f"refs/gate/pull/{pull.number}") or pull.head_sha
    files: list[RevisionFile] = []
    for path, blob in finder.git.changed(tip, head).items():
        text = finder.git.text(blob, TEXT_LIMIT) or ""
        if is_revision(text) and len(files) < FILES_EACH:
            files.append(RevisionFile(path, text))
    return OpenPull(pull.number, pull.title, head, pull.url, tuple(files))


def _by_api(client: Client, repository: str, pulls: Iterable[OpenPull]) -> tuple[list[OpenPull], str | None]:
    found: list[OpenPull] = []
    for pull in pulls:
        try:
            (items, *_) = [*client.pages(f"repos/{repository}/pulls/{pull.number}/files", 1)] or [[]]
            files = [file for item in items for file in _file(client, repository, pull.head_sha, item)]
        except ApiError as error:
            return found, f"pull request #{pull.number} and those after it could not be read: {error.what}"
        found.append(OpenPull(pull.number, pull.title, pull.head_sha, pull.url, tuple(files[:FILES_EACH])))
    return found, None


def _file(client: Client, repository: str, sha: str, item: Any) -> Iterable[RevisionFile]:
    """A changed file as a revision file: its text is the patch itself when the whole file is new."""
    path, patch = dig(item, str, "filename") or "", dig(item, str, "patch")
    if not path.endswith(".py") or dig(item, str, "status") not in (
        "added",
        "modified",
        "renamed",
        "changed",
        "copied",
    ):
        return
    if patch is None and "versions/" not in path and "migrations/" not in path:
        return
    text = _added(patch) if dig(item, str, "status") == "added" and patch is not None else None
    if text is None and (patch is None or "down_revision" in patch):
        text = contents(client, repository, sha, path)
    if text is not None and is_revision(text):
        yield RevisionFile(path, text)


def _added(patch: str) -> str:
    lines = [line[1:] for line in patch.split("\n") if line.startswith("+")]
    return "\n".join(lines) + "\n"
