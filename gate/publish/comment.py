"""The pull request's comment: exactly one for each key, whatever else happens at the same time.

Nothing on GitHub is atomic, so the comment is settled by looking again: of all comments with our marker and our
author the lowest id is kept, it gets the content of the newest run, and only then are the others deleted. Every run
does the same, so it does not matter who comes first or who dies half-way (requirements 18 to 22).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gate.github.client import ApiError, Client
from gate.github.event import dig
from gate.publish._identity import Identity
from gate.publish._marker import Marker, read_marker, same_content

Status = Literal["created", "updated", "unchanged", "skipped", "forbidden", "failed"]

TRIES = 3
"""Times that a race is settled before giving up."""
REQUESTS = 3
"""Requests of a quiet run; a look behind an update is only worth one that is left of these."""
ADVICE = (
    "Give the job `permissions: pull-requests: write` (on old GitHub Enterprise Servers `issues: write`). Runs "
    "of forks and of Dependabot are read-only whatever the workflow says: publish from a second "
    "workflow, see docs/github.md."
)


@dataclass(frozen=True)
class Wanted:
    """The comment as it should be. ``create`` is false when only an existing one is to be changed."""

    repository: str
    number: int
    marker: Marker
    text: str
    create: bool = True

    @property
    def body(self) -> str:
        """Marker and text."""
        return f"{self.marker.line()}\n{self.text}"


@dataclass(frozen=True)
class Outcome:
    """What became of it. ``detail`` is a sentence for the log; ``before`` what an older comment of ours said."""

    status: Status
    id: int | None = None
    detail: str = ""
    before: str = field(default="", compare=False)


@dataclass(frozen=True)
class Comment:
    """One comment of ours on the thread."""

    id: int
    body: str
    marker: Marker


def post(client: Client, wanted: Wanted) -> Outcome:
    """Bring the comment about. Never raises for anything that the API does."""
    try:
        return _Thread(client, wanted, Identity(client)).settle()
    except ApiError as error:
        if error.forbidden:
            return Outcome("forbidden", detail=f"{error.what}. {ADVICE}")
        return Outcome("failed", detail=error.what)


@dataclass
class _Thread:
    """The comments of one pull request, as far as they are ours."""

    client: Client
    wanted: Wanted
    identity: Identity
    posted: dict[int, Comment] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    tried_create: bool = False
    tried_update: bool = False
    notes: list[str] = field(default_factory=list)
    before: str = ""

    @property
    def path(self) -> str:
        return f"repos/{self.wanted.repository}/issues"

    def settle(self) -> Outcome:
        """Look, create when there is none, and let one comment stand."""
        ours = self.look()
        self.before = ours[0].body if ours else ""
        for _ in range(TRIES):
            if not ours:
                if not self.wanted.create:
                    return Outcome("skipped", detail="nothing to say, and no comment to change")
                self.create()
                ours = self.look_behind_create()
            if ours:
                kept = self.keep_one(ours)
                if kept is not None:
                    return kept
                ours = self.look()
        raise ApiError(f"the comment could not be settled in {TRIES} tries")

    def look(self) -> list[Comment]:
        """Our comments with our key over all pages, lowest id first."""
        found: dict[int, Comment] = {}
        for page in self.client.pages(f"{self.path}/{self.wanted.number}/comments"):
            found.update({one.id: one for one in self.ours(page)})
        found.update({id: one for id, one in self.posted.items() if id not in found})
        return [found[id] for id in sorted(found) if id not in self.gone]

    def ours(self, page: Iterable[Any]) -> Iterable[Comment]:
        for item in page:
            id, marker = dig(item, int, "id"), read_marker(dig(item, str, "body"))
            if (
                id is not None
                and marker is not None
                and marker.key == self.wanted.marker.key
                and self.identity.wrote(item, marker)
            ):
                yield Comment(id, item["body"], marker)

    def create(self) -> None:
        """Post it. When nobody knows whether it arrived, the look behind tells; it is never posted blindly again."""
        self.tried_create = True
        try:
            answer = self.client.write("POST", f"{self.path}/{self.wanted.number}/comments", {"body": self.wanted.body})
        except ApiError as error:
            if not error.outcome_unknown:
                raise
            self.notes.append(error.what)
            self.pause()
            return
        id = dig(answer, int, "id")
        if id is None:
            return
        self.posted[id] = Comment(id, self.wanted.body, self.wanted.marker)
        self.keep_app(self.identity.learn(answer))

    def keep_app(self, app: str | None) -> None:
        """Name the app that writes in our marker, so that its next run knows its own comment."""
        if app is not None:
            self.wanted = replace(self.wanted, marker=replace(self.wanted.marker, app=app))

    def look_behind_create(self) -> list[Comment]:
        """Everything of ours after posting. A look that fails changes nothing about what was posted."""
        try:
            return self.look()
        except ApiError as error:
            if not self.posted:
                raise
            self.notes.append(error.what)
            return [one for id, one in self.posted.items() if id not in self.gone]

    def keep_one(self, ours: list[Comment]) -> Outcome | None:
        """The lowest id stays with the newest run's content; None when it vanished meanwhile."""
        keep, newest = ours[0], max(ours, key=lambda one: one.marker.order)
        self.keep_app(keep.marker.app)
        stale = newest.marker.order > self.wanted.marker.order
        body = newest.body if stale else self.wanted.body
        status: Status = "created" if keep.id in self.posted or self.is_mine(keep) else "updated"
        if keep.body != body and self.differs(keep, body):
            if not self.update(keep.id, body):
                return None
        elif not self.tried_create and not self.tried_update and len(ours) == 1:
            status = "unchanged"
        for other in ours[1:]:
            self.delete(other.id)
        if stale:
            return Outcome("skipped", keep.id, "the comment of a newer run stands")
        return Outcome(status, keep.id, "; ".join(self.notes), self.before)

    def is_mine(self, keep: Comment) -> bool:
        """Whether this run wrote it by a posting whose answer was lost."""
        return self.tried_create and not self.posted and keep.marker.order == self.wanted.marker.order

    def differs(self, keep: Comment, body: str) -> bool:
        return self.wanted.marker.app != keep.marker.app or not same_content(keep.body, body)

    def update(self, id: int, body: str) -> bool:
        """Write ``body`` into a comment; False when it is gone, or when nobody knows what it holds now."""
        self.tried_update = True
        try:
            self.client.write("PATCH", f"{self.path}/comments/{id}", {"body": body})
        except ApiError as error:
            if error.status in (404, 410):
                self.gone.add(id)
                return False
            if not error.outcome_unknown:
                raise
            self.notes.append(error.what)
            self.pause()
            return False
        return not self.overwritten(id)

    def overwritten(self, id: int) -> bool:
        """Whether an older run wrote over it at the same moment. Looked at only while requests are left for it."""
        if self.client.count >= REQUESTS:
            return False
        self.pause()
        try:
            seen = read_marker(dig(self.client.get(f"{self.path}/comments/{id}"), str, "body"))
        except ApiError:
            return False
        return seen is not None and seen.order < self.wanted.marker.order

    def delete(self, id: int) -> None:
        """Remove a double. Removing twice does no harm, so a lost answer is asked for again; what stays is said."""
        self.gone.add(id)
        trouble = ""
        for _ in range(TRIES):
            try:
                self.client.write("DELETE", f"{self.path}/comments/{id}")
                return
            except ApiError as error:
                trouble = error.what
                if error.status in (404, 410):
                    return
                if not error.outcome_unknown:
                    break
        self.notes.append(f"a second comment of ours could not be removed: {trouble}")

    def pause(self) -> None:
        """Let others who write at the same moment finish; not always for the same time."""
        self.client.clock.sleep(0.3 + 0.7 * self.client.clock.chance())
