"""The base's revision files by the API, where no git server gives its objects (requirement 14).

One comparison says what the change adds, edits and removes since it left its base; the base is the working tree without
that. Only files that were edited or removed are asked for, a bounded number of them.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.github.client import ApiError, Client
from gate.github.context import RevisionFile
from gate.github.event import dig
from gate.github.revisions import TEXT_LIMIT, contents, is_revision

MOST_ASKED = 20
"""Files whose text is asked for."""
MOST_LISTED = 300
"""Files that one comparison lists; GitHub's own limit."""
SKIPPED = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", "site-packages"})


@dataclass(frozen=True)
class ApiBase:
    """The commit where the change left its base, and the revision files there."""

    sha: str
    files: tuple[RevisionFile, ...]


def ask(client: Client, repository: str, branch: str, head: str, workspace: Path) -> ApiBase:
    """The base. Raises ApiError when the comparison fails or is too large to be whole."""
    answer = client.get(f"repos/{repository}/compare/{urllib.parse.quote(branch)}...{head}")
    sha, changed = dig(answer, str, "merge_base_commit", "sha"), dig(answer, list, "files")
    if sha is None or changed is None:
        raise ApiError("the comparison with the base names no merge base")
    if len(changed) >= MOST_LISTED:
        raise ApiError(f"the change touches {MOST_LISTED} files or more: the comparison does not list all")
    here = dict(revision_files(workspace))
    for item in changed:
        here.pop(dig(item, str, "filename") or "", None)
    old = [path for item in changed if (path := _old_path(item)) is not None]
    if len(old) > MOST_ASKED:
        raise ApiError(f"the change edits {len(old)} files that may be revisions, more than {MOST_ASKED}")
    texts = {path: text for path in old if (text := contents(client, repository, sha, path)) is not None}
    here.update({path: text for path, text in texts.items() if is_revision(text)})
    return ApiBase(sha, tuple(RevisionFile(path, text) for path, text in sorted(here.items())))


def revision_files(workspace: Path) -> Iterator[tuple[str, str]]:
    """Path and text of every file of the working tree that looks like a revision."""
    for folder, folders, names in os.walk(workspace):
        folders[:] = sorted(one for one in folders if one not in SKIPPED)
        for path in (Path(folder, name) for name in names if name.endswith(".py")):
            if not path.is_symlink() and path.stat().st_size <= TEXT_LIMIT:
                text = path.read_text("utf-8", "replace")
                if is_revision(text):
                    yield path.relative_to(workspace).as_posix(), text


def _old_path(item: Any) -> str | None:
    """Where a changed file stood at the base, when it was there and may be a revision."""
    status = dig(item, str, "status")
    path = dig(item, str, "previous_filename") if status == "renamed" else dig(item, str, "filename")
    return path if status in ("modified", "changed", "removed", "renamed") and path and path.endswith(".py") else None
