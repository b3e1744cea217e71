"""context.json: what ``prepare`` found with the token, for the processes that have none."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.errors import UsageError
from gate.github.event import Event, dig

SCHEMA = "alembic-gate/context/v1"


@dataclass(frozen=True)
class RevisionFile:
    """A file as another commit has it; ``path`` is relative to the repository's root."""

    path: str
    text: str


@dataclass(frozen=True)
class OpenPull:
    """An open pull request to the same base, with the revision files that it adds or changes."""

    number: int
    title: str
    head_sha: str
    url: str
    files: tuple[RevisionFile, ...] = ()


@dataclass(frozen=True)
class Hunk:
    """Lines ``start`` to ``end`` of ``path`` that are in the pull request's diff, on its new side."""

    path: str
    start: int
    end: int


@dataclass(frozen=True)
class Context:
    """One run as the token's holder saw it.

    ``git_objects`` is a folder of git objects beside those of the checkout (the base, fetched shallow); ``repo`` the
    own checkout when the workspace was empty. ``no_comment`` says why there is nothing to comment on.
    ``open_pulls`` is None when nobody asked; ``open_pulls_gap`` says what could not be evaluated.
    """

    event: str = ""
    repository: str | None = None
    pull_request: int | None = None
    pull_request_state: str | None = None
    fork: bool = False
    head_sha: str | None = None
    base_ref: str | None = None
    base_sha: str | None = None
    base_tip_sha: str | None = None
    base_found_by: str = "none"
    base_files: tuple[RevisionFile, ...] | None = None
    git_objects: str | None = None
    repo: str | None = None
    open_pulls: tuple[OpenPull, ...] | None = None
    open_pulls_gap: str | None = None
    hunks: tuple[Hunk, ...] = ()
    static_only: bool = False
    static_only_reason: str | None = None
    no_comment: str | None = None
    run_id: int = 0
    run_attempt: int = 1
    api_seconds: float = 0.0
    notes: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Save it, readable by its owner only."""
        path.touch(mode=0o600, exist_ok=True)
        path.write_text(json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, indent=1), encoding="utf-8")


def read(path: Path) -> Context:
    """The context that ``prepare`` wrote. Raises UsageError."""
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot be read ({type(error).__name__})", where=str(path), advice="Run alembic-gate prepare first."
        ) from error
    if dig(raw, str, "schema") != SCHEMA:
        raise UsageError(
            "is not a context written by prepare", where=str(path), advice="Run alembic-gate prepare first."
        )
    known = {one.name for one in dataclasses.fields(Context)}
    plain = {key: value for key, value in raw.items() if key in known}
    pulls = plain.get("open_pulls")
    plain["base_files"] = _files(plain.get("base_files"))
    plain["open_pulls"] = (
        None if pulls is None else tuple(OpenPull(**{**one, "files": _files(one["files"]) or ()}) for one in pulls)
    )
    plain["hunks"] = tuple(Hunk(**one) for one in plain.get("hunks") or ())
    plain["notes"] = tuple(plain.get("notes") or ())
    return Context(**plain)


def of_event(event: Event) -> Context:
    """What the event alone says, where ``prepare`` did not run."""
    pull = event.pull
    return Context(
        event=event.name,
        repository=event.repository,
        pull_request=pull.number if pull else None,
        pull_request_state=pull.state if pull else None,
        fork=event.foreign,
        head_sha=(pull.head_sha if pull else None) or event.followed_sha or event.sha,
        base_ref=event.target_branch,
        base_sha=pull.base_sha if pull else None,
        run_id=event.order[0],
        run_attempt=event.order[1],
        notes=event.notes,
    )


def _files(raw: Any) -> tuple[RevisionFile, ...] | None:
    return None if raw is None else tuple(RevisionFile(one["path"], one["text"]) for one in raw)
