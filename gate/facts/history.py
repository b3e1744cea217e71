"""The revision graph as the files say it, read without importing them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

DowngradeKind = Literal["present", "empty", "raises", "missing"]


@dataclass(frozen=True)
class Revision:
    """One revision file.

    ``line`` is where ``revision =`` stands, ``down_line`` where ``down_revision =`` stands (both count from 1).
    ``digest`` covers identifiers and the syntax tree of upgrade and downgrade, not bytes: formatting does not count.
    ``path`` is relative to the repository's root.
    """

    id: str
    path: str
    parents: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    message: str = ""
    line: int = 1
    down_line: int = 1
    create_date: str | None = None
    upgrade_line: int | None = None
    downgrade_line: int | None = None
    downgrade: DowngradeKind = "present"
    upgrade_is_empty: bool = False
    digest: str = ""

    @property
    def is_merge(self) -> bool:
        """More than one parent."""
        return len(self.parents) > 1


@dataclass(frozen=True)
class GraphProblem:
    """Something wrong with the graph itself; a finding of ``single-head``."""

    kind: Literal["missing-parent", "duplicate-id", "cycle", "unreadable", "no-revisions", "not-loaded"]
    message: str
    path: str | None = None
    line: int = 1
    revisions: tuple[str, ...] = ()
    advice: str | None = None


@dataclass(frozen=True)
class History:
    """All revisions of one project in the working tree."""

    revisions: tuple[Revision, ...] = ()
    problems: tuple[GraphProblem, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, Revision]:
        """Revisions by id."""
        return {revision.id: revision for revision in self.revisions}

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """Revisions that no other names as its parent, in the files' order (Alembic's notion of a head)."""
        named = {parent for revision in self.revisions for parent in revision.parents}
        return tuple(revision.id for revision in self.revisions if revision.id not in named)

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """Revisions without a parent."""
        return tuple(revision.id for revision in self.revisions if not revision.parents)

    def ancestors(self, ids: Iterable[str]) -> frozenset[str]:
        """These revisions and everything below them, ``depends_on`` included."""
        seen: set[str] = set()
        todo = list(ids)
        while todo:
            one = todo.pop()
            if one in seen or one not in self.by_id:
                continue
            seen.add(one)
            todo += self.below(self.by_id[one])
        return frozenset(seen)

    @cached_property
    def ordered(self) -> tuple[Revision, ...]:
        """Parents before children, else in the files' order; what a cycle holds back comes last."""
        return (*self._sorted.values(), *self.held_back)

    @cached_property
    def held_back(self) -> tuple[Revision, ...]:
        """Revisions on a cycle, and those above one: no order lets them run."""
        return tuple(one for one in self.revisions if one.id not in self._sorted)

    @cached_property
    def _sorted(self) -> Mapping[str, Revision]:
        """One pass over the graph, whatever its shape (Kahn's algorithm)."""
        waits = {one.id: {below for below in self.below(one) if below in self.by_id} for one in self.revisions}
        above: dict[str, list[str]] = {}
        for id, below in waits.items():
            for one in below:
                above.setdefault(one, []).append(id)
        done: dict[str, Revision] = {}
        ready = [id for id, below in waits.items() if not below]
        for id in ready:  # grows while it is walked
            done[id] = self.by_id[id]
            for child in above.get(id, ()):
                waits[child].discard(id)
                if not waits[child]:
                    ready.append(child)
        return done

    def below(self, revision: Revision) -> tuple[str, ...]:
        """What must be applied before a revision: its parents and its ``depends_on``, labels written out."""
        return (*revision.parents, *(self._labels.get(name, name) for name in revision.depends_on))

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        """The revision that carries a branch label."""
        return {label: one.id for one in self.revisions for label in one.branch_labels}


@dataclass(frozen=True)
class Base:
    """What the base branch has. ``history`` is None when there is no base: then every revision is one deploy.

    ``tip`` is the tip of today's base branch when it differs from the merge base (for the union of heads).
    """

    history: History | None = None
    sha: str | None = None
    ref: str | None = None
    found_by: Literal["flag", "merge-parent", "merge-base", "event", "api", "none"] = "none"
    tip: History | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewRevisions:
    """The deploy by its ids: what goes out together, parents first, and the heads that it starts from."""

    ids: tuple[str, ...] = ()
    baseline: tuple[str, ...] = ()

    def __contains__(self, revision: str) -> bool:
        return revision in self.ids


@dataclass(frozen=True)
class Project:
    """One Alembic environment in the repository. Paths are relative to the repository's root, POSIX style.

    ``kind`` is how it is entered; ``entry`` is the ``module:callable`` of a factory or a Flask application.
    ``version_locations`` are the folders with revision files. ``directory`` is where its process starts.
    """

    name: str
    kind: Literal["ini", "pyproject", "flask", "factory", "script-location"] = "ini"
    config: str | None = None
    section: str = "alembic"
    script_location: str | None = None
    version_locations: tuple[str, ...] = ()
    recursive: bool = False
    directory: str = "."
    entry: str | None = None
    prepend_sys_path: tuple[str, ...] = ()
    url: str | None = None
    notes: tuple[str, ...] = ()
