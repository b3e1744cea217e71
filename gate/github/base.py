"""The base of a change, found and fetched (requirement 14), and the own checkout of an empty workspace (15).

Everything that is fetched goes to a private folder beside the workspace; ``check`` reads it as one more folder of
git objects. In a shallow checkout ``HEAD^1`` is unknown, but the commit object still names its parents.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gate.errors import CannotDecide
from gate.github.event import Event
from gate.github.git import Git

HISTORY_DEPTH = 1000
"""Commits (no trees, no files) fetched to find a merge base."""
FoundBy = Literal["flag", "merge-parent", "merge-base", "event", "api", "none"]
_SHA = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True)
class Found:
    """The base: what the change is compared with, and today's tip of its branch where that is another commit."""

    sha: str | None = None
    tip: str | None = None
    ref: str | None = None
    by: FoundBy = "none"
    notes: tuple[str, ...] = ()


def remotes(event: Event, workspace: Path) -> tuple[str, ...]:
    """The server's address of the repository; behind it a local origin, as mirrors and tests have one."""
    server = (f"{event.server_url}/{event.repository}.git",) if event.repository else ()
    origin = Git(workspace).line("config", "--get", "remote.origin.url") or ""
    local = (origin,) if origin.startswith(("/", "file://")) else ()
    return (*server, *local)


def checkout(event: Event, git: Git) -> str:
    """Fetch the commit of this event at depth 1 into ``git.folder`` and check it out; the ref that was taken."""
    git.folder.mkdir(parents=True)
    git.run("init", "--quiet")
    problem = "the event names no commit"
    for ref in _checkout_refs(event):
        said = git.fetch([(ref, "refs/gate/head")], "--depth=1")
        if said is None and git.run("checkout", "--quiet", "--detach", "refs/gate/head", seconds=300) is not None:
            return ref
        problem = said or "git could not write the files"
    raise CannotDecide(
        f"the workspace is empty and the repository could not be fetched: {problem}",
        where=git.remotes[0] if git.remotes else "checkout",
        advice="Give the job `permissions: contents: read` and a token, or put actions/checkout before this step.",
    )


def _checkout_refs(event: Event) -> list[str]:
    """What to judge, best first. On pull_request_target GITHUB_SHA is the default branch's, never the change's."""
    number, head = (event.pull.number, event.pull.head_sha) if event.pull else (None, event.followed_sha)
    own = event.sha if event.name not in ("pull_request_target", "workflow_run") else None
    pull = [f"refs/pull/{number}/merge", f"refs/pull/{number}/head"] if number else []
    ref = event.ref if event.ref.startswith("refs/") and own else None
    return [one for one in (own, *pull, head, ref) if one]


class BaseFinder:
    """Finds the base of the checkout at ``workspace``. ``store`` is the private folder for what is fetched."""

    def __init__(self, event: Event, workspace: Path, store: Path, token: str) -> None:
        self.event, self.store = event, store
        self.remotes = remotes(event, workspace)
        self.private = Git(store, self.remotes, token)
        self.git = Git(workspace, objects=(store / "objects",))
        self.token = token
        if not store.exists():
            store.mkdir(parents=True)
            self.private.run("init", "--bare", "--quiet")

    def find(self, named: str, compare: Callable[[str, str], str | None]) -> Found:
        """The base. ``compare`` asks the API for the merge base of a branch and a commit, where that is allowed."""
        if named.lower() == "none":
            return Found(notes=("no base: every revision is one deploy",))
        if named:
            return self._named(named)
        if self.git.commit("HEAD") is None:
            return Found(ref=self._branch(), notes=("the workspace has no git history",))
        if self.event.name == "push" and self._is_default():
            return self._pushed()
        return self._merge_parent() or self._merge_base(compare)

    def have(self, commit: str) -> str | None:
        """``commit`` (a full id) when its files can be read, fetched at depth 1 if need be."""
        if self.git.run("cat-file", "-e", f"{commit}^{{tree}}") is not None:
            return commit
        return commit if self.fetched(commit) == commit else None

    def fetched(self, ref: str) -> str | None:
        """The commit behind a ref of the server, fetched at depth 1."""
        stored = "refs/gate/" + (re.sub(r"[^A-Za-z0-9]+", "-", ref).strip("-") or "x")
        return self.private.commit(stored) if self.private.fetch([(ref, stored)], "--depth=1") is None else None

    def tip(self) -> str | None:
        """Today's tip of the base branch, fetched; where no server answers, what the checkout knows of it."""
        branch = self._branch()
        if branch is None:
            return None
        return self.fetched(f"refs/heads/{branch}") or self.git.commit(f"refs/remotes/origin/{branch}")

    def _branch(self) -> str | None:
        return self.event.target_branch or self.event.default_branch

    def _is_default(self) -> bool:
        return self.event.ref == f"refs/heads/{self.event.default_branch}"

    def _named(self, named: str) -> Found:
        here = self.git.commit(named) or self.git.commit(f"origin/{named}")
        refs = (
            (named,) if _SHA.fullmatch(named) else (f"refs/heads/{named.removeprefix('origin/')}", f"refs/tags/{named}")
        )
        got = here or next(filter(None, map(self.fetched, refs)), None)
        return Found(got, None, named, "flag" if got else "none")

    def _pushed(self) -> Found:
        """On the default branch the deploy is what was pushed: the base is what the branch was before."""
        before = self.event.before
        got = self.have(before) if before else None
        if got is None:
            why = (
                "this is the branch's first push"
                if before is None
                else f"the commit before the push, {before[:12]}, is gone"
            )
            return Found(
                self.git.commit("HEAD"), None, self.event.default_branch, "event", (f"{why}: nothing is taken as new",)
            )
        return Found(got, None, self.event.default_branch, "event")

    def _merge_parent(self) -> Found | None:
        """HEAD is the merge of the change into its base: the first parent is the base."""
        parents, pull = self.git.parents(), self.event.pull
        if self.event.name == "merge_group":
            return self._merge_group(parents)
        if len(parents) != 2 or pull is None:
            return None
        merged = self.event.ref.endswith("/merge") and self.git.commit("HEAD") == self.event.sha
        if parents[1] != pull.head_sha and not merged:
            return None
        tip = self.tip()
        base = self.have(parents[0])
        if base is None:
            note = f"the merge commit's base {parents[0][:12]} could not be fetched; compared with today's base branch"
            return Found(tip, None, self._branch(), "merge-parent", (note,)) if tip else None
        return Found(base, tip if tip != base else None, self._branch(), "merge-parent")

    def _merge_group(self, parents: tuple[str, ...]) -> Found | None:
        sha = self.event.group_base or (parents[0] if parents else None)
        base = self.have(sha) if sha else None
        return Found(base, None, self._branch(), "merge-parent" if base in parents else "event") if base else None

    def _merge_base(self, compare: Callable[[str, str], str | None]) -> Found:
        """HEAD is the change itself: the base is where it left the branch; the tip is for the union of heads."""
        head, tip, branch = self.git.commit("HEAD"), self.tip(), self._branch()
        if head is None or tip is None:
            return self._by_event("the base branch could not be fetched")
        for by, ask in (
            ("merge-base", self._local),
            ("merge-base", self._by_history),
            ("api", lambda h, _: compare(branch or "", h)),
        ):
            found = ask(head, tip)
            base = self.have(found) if found else None
            if base is not None:
                return Found(base, tip if tip != base else None, branch, by)  # type: ignore[arg-type]  # one of two words
        return self._by_event("where the change left its base branch is unknown", tip)

    def _local(self, head: str, tip: str) -> str | None:
        return self.git.line("merge-base", head, tip)

    def _by_history(self, head: str, _tip: str) -> str | None:
        """The merge base from commits alone, without files (``--filter=tree:0``)."""
        folder = self.store.with_name(self.store.name + "-history")
        history = Git(folder, self.remotes, self.token, dead=self.private.dead)
        if not history.folder.exists():
            history.folder.mkdir(parents=True)
            history.run("init", "--bare", "--quiet")
        refs = [(f"refs/heads/{self._branch()}", "refs/gate/base"), (head, "refs/gate/head")]
        if history.fetch(refs, f"--depth={HISTORY_DEPTH}", "--filter=tree:0") is not None:
            return None
        return history.line("merge-base", "refs/gate/base", "refs/gate/head")

    def _by_event(self, why: str, tip: str | None = None) -> Found:
        """The event's own word for the base, else the tip: near enough to compare ids, said as such."""
        told = self.event.pull.base_sha if self.event.pull else None
        base = (self.have(told) if told else None) or tip
        return Found(base, None, self._branch(), "event" if base else "none", (why,))
