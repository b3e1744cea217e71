"""KNOWS, with the token: the event, the pull request, the checkout, the base, the other open pull requests.

Writes context.json, so that ``check`` needs no token. Nothing of the project is run, and nothing is written to the
workspace; what is fetched lies beside context.json.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from gate.errors import CannotDecide
from gate.github import base, base_by_api, open_pulls
from gate.github.client import ApiError, Client
from gate.github.clock import Clock
from gate.github.context import Context, Hunk, of_event
from gate.github.event import Event, dig, pull_of, read_event
from gate.github.git import Git
from gate.github.processes import hide_process
from gate.settings import Settings

API_SECONDS = 60.0
"""Of the two minutes that one run spends on the API in all."""
MOST_HUNKS = 2000
ALLOW_UNSAFE = "ALEMBIC_GATE_ALLOW_UNSAFE_FORK_CODE"


def main(settings: Settings) -> int:
    """Write the context to ``--context``, else to stdout. Raises CannotDecide when there is nothing to judge."""
    hide_process()
    target = Path(settings.context) if settings.context else None
    found = Preparation(settings, os.environ, target).context()
    if target is not None:
        found.write(target)
    else:
        sys.stdout.write(json.dumps(dataclasses.asdict(found), indent=1) + "\n")
    return 0


class Preparation:
    """One preparing. ``target`` is where the context goes; what is fetched goes beside it."""

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], target: Path | None, clock: Clock | None = None
    ) -> None:
        self.settings, self.environ = settings, environ
        self.event: Event = read_event(environ)
        self.folder = target.resolve().parent if target is not None else None
        self.token = settings.token or environ.get("GITHUB_TOKEN", "") or environ.get("GH_TOKEN", "")
        self.clock = clock or Clock()
        self.talk: Client | None = None
        self.notes: list[str] = list(self.event.notes)

    def context(self) -> Context:
        """Everything that the other processes are told."""
        started = self.clock.monotonic()
        self.event, no_comment = self.with_pull()
        found = self.safe(dataclasses.replace(of_event(self.event), no_comment=no_comment))
        workspace = self.workspace()
        if self.settings.mode == "check" and self.folder is not None:
            found = self.with_base(found, workspace)
        own = str(workspace) if workspace != self.settings.path().resolve() else None
        spent = self.clock.monotonic() - started if self.talk is not None else 0.0
        return dataclasses.replace(found, repo=own, notes=tuple(dict.fromkeys(self.notes)), api_seconds=round(spent, 3))

    def client(self) -> Client:
        """The one client of this process. Raises ApiError without a usable token."""
        if self.talk is None:
            self.talk = Client(self.event.api_url, self.token, budget=API_SECONDS, clock=self.clock)
        return self.talk

    def with_pull(self) -> tuple[Event, str | None]:
        """The event with its pull request; for a workflow_run the one whose head it ran on, as the API says now."""
        event = self.event
        if event.name != "workflow_run" or event.repository is None:
            return event, None
        if not event.trigger.startswith("pull_request"):
            return event, f"the run was started by {event.trigger or 'another event'}, not by a pull request"
        if not self.token:
            return event, "there is no token to find the pull request with"
        try:
            return self.followed(event)
        except ApiError as error:
            return event, f"the pull request could not be found: {error.what}"

    def followed(self, event: Event) -> tuple[Event, str | None]:
        """The open pull request whose head is the commit that the followed run judged (requirement 23)."""
        root, sha = f"repos/{event.repository}", event.followed_sha
        if event.pull is not None:
            candidates = [self.client().get(f"{root}/pulls/{event.pull.number}")]
        else:
            candidates = (
                [one for page in self.client().pages(f"{root}/commits/{sha}/pulls", 1) for one in page] if sha else []
            )
        open_ones = [one for one in candidates if dig(one, str, "state") == "open"]
        pulls = [pull for pull in (pull_of(one, event.repository) for one in open_ones) if pull is not None]
        same = [pull for pull in pulls if pull.head_sha == sha and sha is not None]
        if len(same) != 1:
            several = "several open pull requests have" if same else "no open pull request has"
            return event, f"{several} the commit {str(sha)[:12]} as its head (it may have moved on)"
        return dataclasses.replace(event, pull=same[0], target_branch=same[0].base_ref), None

    def safe(self, found: Context) -> Context:
        """Whether the code may run: the rule of actions/checkout v7 (requirement 8)."""
        fork = self.event.foreign or bool(self.event.pull and self.event.pull.fork)
        allowed = self.settings.allow_unsafe_fork_code or self.environ.get(ALLOW_UNSAFE, "") in ("true", "True", "TRUE")
        if not (self.event.runs_with_secrets and fork) or allowed:
            return dataclasses.replace(found, fork=fork)
        why = (
            f"code of a fork is not run on {self.event.name}, where it would meet the repository's secrets: only "
            "checks that read files answer. Use the event pull_request and publish from a second workflow."
        )
        return dataclasses.replace(found, fork=fork, static_only=True, static_only_reason=why)

    def workspace(self) -> Path:
        """The checkout to judge: the workspace, or our own when that is empty (requirement 15)."""
        there = self.settings.path().resolve()
        if any(there.iterdir()) or self.settings.mode == "publish":
            return there
        if self.folder is None or self.environ.get("GITHUB_ACTIONS") != "true":
            raise CannotDecide("the folder is empty", where=str(there), advice="Name the repository with --repo.")
        own = Git(self.folder / "checkout", base.remotes(self.event, there), self.token)
        ref = base.checkout(self.event, own)
        self.notes.append(f"the workspace was empty: fetched {ref}")
        return own.folder

    def with_base(self, found: Context, workspace: Path) -> Context:
        """The base and, where this change brings revisions, the other open pull requests."""
        assert self.folder is not None
        finder = base.BaseFinder(self.event, workspace, self.folder / "objects.git", self.token)
        told = finder.find(self.settings.base, self.merge_base)
        self.notes += told.notes
        found = dataclasses.replace(
            found,
            base_sha=told.sha,
            base_tip_sha=told.tip,
            base_ref=told.ref,
            base_found_by=told.by,
            git_objects=str(finder.store / "objects"),
        )
        if told.sha is None:
            found = self.with_base_by_api(found, workspace)
        return self.with_open_pulls(self.with_hunks(found, finder), finder)

    def with_base_by_api(self, found: Context, workspace: Path) -> Context:
        """The base's revision files by the API, when git could not give the base of a pull request."""
        pull, repository = self.event.pull, self.event.repository
        if pull is None or not (pull.base_ref and pull.head_sha and repository and self.token) or self.settings.base:
            return found
        try:
            told = base_by_api.ask(self.client(), repository, pull.base_ref, pull.head_sha, workspace)
        except ApiError as error:
            self.notes.append(f"the base could not be read by the API: {error.what}")
            return found
        self.notes.append("the base's revision files came by the API: git could not fetch them")
        return dataclasses.replace(
            found, base_sha=told.sha, base_files=told.files, base_found_by="api", base_ref=pull.base_ref
        )

    def with_hunks(self, found: Context, finder: base.BaseFinder) -> Context:
        """The lines of the diff, for suggestions: asked of git, so that it costs no request."""
        if self.event.pull is None or found.base_sha is None or not self.settings.suggestions:
            return found
        lines = finder.git.hunks(found.base_sha, "HEAD", "*.py", "*.dockerignore", "*Dockerfile*")
        return dataclasses.replace(found, hunks=tuple(Hunk(*one) for one in lines[:MOST_HUNKS]))

    def merge_base(self, branch: str, head: str) -> str | None:
        """The merge base by the API; not on a push, which must cost no request (requirement 29)."""
        if self.event.name == "push" or not self.token or not self.event.repository:
            return None
        try:
            answer = self.client().get(f"repos/{self.event.repository}/compare/{branch}...{head}", per_page=1)
        except ApiError as error:
            self.notes.append(f"the merge base could not be asked for: {error.what}")
            return None
        return dig(answer, str, "merge_base_commit", "sha")

    def with_open_pulls(self, found: Context, finder: base.BaseFinder) -> Context:
        """The other open pull requests, when ``merge-order`` will ask for them."""
        pull, repository = self.event.pull, self.event.repository
        branch = self.event.target_branch or found.base_ref
        if (
            not self.wants_merge_order()
            or repository is None
            or branch is None
            or (pull is None and self.event.name != "push")
        ):
            return found
        if found.base_sha and not open_pulls.brings_revisions(finder, found.base_sha):
            return dataclasses.replace(found, open_pulls=())
        if not self.token:
            return dataclasses.replace(
                found, open_pulls=(), open_pulls_gap="there is no token to list open pull requests with"
            )
        try:
            number = pull.number if pull else None
            read = open_pulls.read(self.client(), finder, branch, number, self.settings.merge_order_limit)
        except ApiError as error:
            read = open_pulls.Reading(gap=error.what)
        return dataclasses.replace(found, open_pulls=read.pulls, open_pulls_gap=read.gap)

    def wants_merge_order(self) -> bool:
        """Whether the check is asked: on pull requests, and on pushes to the base where that was opted for."""
        chosen = not self.settings.only or "merge-order" in self.settings.only
        asked = chosen and "merge-order" not in self.settings.skip
        on_push = self.event.name == "push" and self.settings.warn_stale != "off"
        return asked and (on_push or self.event.name in ("pull_request", "pull_request_target"))
