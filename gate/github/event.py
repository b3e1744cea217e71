"""What happened on GitHub: the runner's environment and its event payload as one typed value.

Payloads are the world's: any field may be null or missing (a deleted fork has no ``head.repo``, a conflicting pull
request no ``merge_commit_sha``), so every look-up says which type it hopes for and gets None otherwise.
Schema: https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

PAYLOAD_LIMIT = 32 * 1024 * 1024
NO_COMMIT = "0" * 40
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_PULL_REF = re.compile(r"refs/pull/(\d{1,9})/(?:merge|head)")


@dataclass(frozen=True)
class Pull:
    """The pull request of an event. ``fork`` is true when its code comes from another repository, or may."""

    number: int
    state: str = "open"
    head_sha: str | None = None
    base_sha: str | None = None
    base_ref: str | None = None
    fork: bool = False


@dataclass(frozen=True)
class Event:
    """One run's surroundings. ``trigger`` is the event of the run that a workflow_run follows, else ``name``."""

    name: str = ""
    repository: str | None = None
    server_url: str = "https://github.com"
    api_url: str = "https://api.github.com"
    sha: str | None = None
    ref: str = ""
    run_id: int = 0
    run_attempt: int = 1
    workflow: str = ""
    job: str = ""
    trigger: str = ""
    pull: Pull | None = None
    before: str | None = None
    target_branch: str | None = None
    default_branch: str | None = None
    foreign: bool = False
    followed_sha: str | None = None
    followed_run: tuple[int, int] | None = None
    group_base: str | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def runs_with_secrets(self) -> bool:
        """True where a pull request's code meets the base repository's secrets: the rule of actions/checkout v7."""
        return self.name == "pull_request_target" or (
            self.name == "workflow_run" and self.trigger.startswith("pull_request")
        )

    @property
    def order(self) -> tuple[int, int]:
        """(run id, attempt) of the run whose result this is; a later one is greater."""
        return self.followed_run or (self.run_id, self.run_attempt)

    @property
    def run_url(self) -> str | None:
        """The page of this run."""
        return (
            f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}"
            if self.repository and self.run_id
            else None
        )

    def pull_url(self, number: int) -> str:
        """The page of a pull request; links come from GITHUB_SERVER_URL only (requirement 17)."""
        return f"{self.server_url}/{self.repository}/pull/{number}"


def read_event(environ: Mapping[str, str]) -> Event:
    """The event by the runner's variables and the file at GITHUB_EVENT_PATH. Nothing in either can raise."""
    payload, notes = _payload(environ.get("GITHUB_EVENT_PATH", ""))
    name = environ.get("GITHUB_EVENT_NAME", "")
    repository = environ.get("GITHUB_REPOSITORY") or dig(payload, str, "repository", "full_name")
    followed = dig(payload, dict, "workflow_run") if name == "workflow_run" else None
    if repository and not _REPOSITORY.fullmatch(repository):
        repository, notes = None, (*notes, "the repository's name is not of the form owner/name")
    return Event(
        name=name,
        repository=repository,
        server_url=(environ.get("GITHUB_SERVER_URL") or "https://github.com").rstrip("/"),
        api_url=(environ.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/"),
        sha=_sha(environ.get("GITHUB_SHA")),
        ref=environ.get("GITHUB_REF", ""),
        run_id=_count(environ.get("GITHUB_RUN_ID"), 0),
        run_attempt=_count(environ.get("GITHUB_RUN_ATTEMPT"), 1),
        workflow=environ.get("GITHUB_WORKFLOW", ""),
        job=environ.get("GITHUB_JOB", ""),
        trigger=(dig(followed, str, "event") or "") if followed is not None else name,
        pull=_pull(name, payload, environ.get("GITHUB_REF", ""), repository),
        before=_sha(dig(payload, str, "before")),
        target_branch=_target_branch(name, payload, environ),
        default_branch=dig(payload, str, "repository", "default_branch"),
        foreign=_foreign(payload, followed, repository),
        followed_sha=_sha(dig(followed, str, "head_sha")),
        followed_run=_followed_run(followed),
        group_base=_sha(dig(payload, str, "merge_group", "base_sha")),
        notes=notes,
    )


def dig(value: Any, kind: type[T], *path: str) -> T | None:
    """The value under ``path`` when it has the type ``kind``, else None. A bool is not an int here."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, kind) and not (kind is int and isinstance(value, bool)) else None


def pull_of(item: Any, repository: str | None) -> Pull | None:
    """A pull request as the API or a payload describes it; None when it has no number."""
    number = dig(item, int, "number")
    if number is None or number < 1:
        return None
    return Pull(
        number=number,
        state=dig(item, str, "state") or "open",
        head_sha=_sha(dig(item, str, "head", "sha")),
        base_sha=_sha(dig(item, str, "base", "sha")),
        base_ref=dig(item, str, "base", "ref"),
        fork=_is_fork(item, repository),
    )


def _is_fork(item: Any, repository: str | None) -> bool:
    """True unless head and base are known to be one repository: what cannot be told is treated as foreign."""
    head, base = (dig(item, dict, side, "repo") for side in ("head", "base"))
    names = [dig(one, str, "full_name") for one in (head, base)]
    ids = [dig(one, int, "id") for one in (head, base)]
    if ids[0] is not None and ids[1] is not None:
        return ids[0] != ids[1]
    return names[0] is None or names[0] != (names[1] or repository)


def _payload(path: str) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    if not path:
        return {}, ()
    try:
        with Path(path).open("rb") as file:
            raw = file.read(PAYLOAD_LIMIT + 1)
        value = json.loads(raw) if len(raw) <= PAYLOAD_LIMIT else None
    except (OSError, ValueError, RecursionError) as error:
        return {}, (f"the event's payload could not be read ({type(error).__name__})",)
    if not isinstance(value, dict):
        return {}, ("the event's payload is not an object",)
    return value, ()


def _pull(name: str, payload: Mapping[str, Any], ref: str, repository: str | None) -> Pull | None:
    """The event's own pull request; for workflow_run the one that its payload lists (none for forks)."""
    if name == "workflow_run":
        listed = dig(payload, list, "workflow_run", "pull_requests") or []
        sha = dig(payload, str, "workflow_run", "head_sha")
        pulls = [pull for pull in (pull_of(one, repository) for one in listed) if pull is not None]
        return next((pull for pull in pulls if pull.head_sha == sha), pulls[0] if len(pulls) == 1 else None)
    found = pull_of(dig(payload, dict, "pull_request"), repository)
    if found is None and name.startswith("pull_request"):
        by_ref = _PULL_REF.fullmatch(ref)
        number = dig(payload, int, "number") or (int(by_ref[1]) if by_ref else 0)
        return Pull(number=number, fork=True) if number > 0 else None
    return found


def _target_branch(name: str, payload: Mapping[str, Any], environ: Mapping[str, str]) -> str | None:
    """The branch that this change is meant for, without ``refs/heads/``; None for events that have none."""
    if name == "merge_group":
        return _branch(dig(payload, str, "merge_group", "base_ref") or "")
    return (
        (dig(payload, str, "pull_request", "base", "ref") or environ.get("GITHUB_BASE_REF") or None) if name else None
    )


def _branch(ref: str) -> str | None:
    return ref.removeprefix("refs/heads/") or None


def _foreign(payload: Mapping[str, Any], followed: Mapping[str, Any] | None, repository: str | None) -> bool:
    """Whether the code of this event comes from a fork, or may."""
    if followed is None:
        pull = dig(payload, dict, "pull_request")
        return pull is not None and _is_fork(pull, repository)
    return _is_fork(
        {"head": {"repo": followed.get("head_repository")}, "base": {"repo": followed.get("repository")}}, repository
    )


def _followed_run(followed: Mapping[str, Any] | None) -> tuple[int, int] | None:
    number = dig(followed, int, "id")
    return None if number is None else (number, dig(followed, int, "run_attempt") or 1)


def _sha(text: str | None) -> str | None:
    return text if text and _SHA.fullmatch(text) and set(text) != {"0"} else None


def _count(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else otherwise
