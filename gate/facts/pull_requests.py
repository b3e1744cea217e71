"""The other open pull requests to the same base branch, as far as they bring revisions of this project."""

from __future__ import annotations

from dataclasses import dataclass

from gate.facts.history import Revision


@dataclass(frozen=True)
class PullRequest:
    """One open pull request; ``revisions`` are those that it adds or edits against today's base branch."""

    number: int
    title: str
    url: str
    head_sha: str
    revisions: tuple[Revision, ...] = ()


@dataclass(frozen=True)
class OpenPullRequests:
    """``others`` is None when nobody asked GitHub (no pull request, no token, not in a workflow).

    ``own`` is this pull request's number; None on a push to the base branch. ``gap`` says what could not be evaluated.
    """

    others: tuple[PullRequest, ...] | None = None
    own: int | None = None
    base: str | None = None
    gap: str | None = None
