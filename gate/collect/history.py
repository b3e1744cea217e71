"""The revision graph of the working tree, read from the files without importing them."""

from __future__ import annotations

import errno
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from gate.collect import _contents, _revision_files, _strays
from gate.collect._git import Git
from gate.context import RunContext
from gate.errors import CannotDecide
from gate.facts.base_commit import BaseCommit
from gate.facts.history import GraphProblem, History, Project, Revision

SKIPPED = ("__pycache__",)
_MEND = "Check the file's permissions and where its link leads, or remove it: Alembic would stumble over it."


def collect(context: RunContext, project: Project, commit: BaseCommit) -> History:
    """Every revision of the project with what is wrong with their graph.

    Raises CannotDecide when the folder is not there or cannot be read: nothing found to check is never a pass.
    """
    with context.timed("history"):
        known = Git(context.repo).files(commit.sha, project.version_locations) if commit.sha else {}
        locked: list[GraphProblem] = []
        files = dict(revision_files(context.repo, project, locked))
        here = blob_ids(context, project)
        here.update({path: blob_id(raw) for path, raw in files.items()})
        found = [_revision_files.read(path, raw, deep=known.get(path) != here[path]) for path, raw in files.items()]
        odd = _strays.refused({path: raw for (path, raw), one in zip(files.items(), found, strict=True) if one is None})
        history = graph([*found, *odd, *locked], project.version_locations)
        left_out = tuple(_strays.not_loaded(context.repo, project, history))
    return History(history.revisions, (*history.problems, *left_out))


def blob_ids(context: RunContext, project: Project) -> dict[str, str]:
    """Git's ids of the revision files in the working tree, as far as they were read in this run."""
    known: dict[str, str] = context.shared.setdefault(f"blob ids of {project.name}", {})
    return known


def revision_files(repo: Path, project: Project, locked: list[GraphProblem]) -> Iterator[tuple[str, bytes]]:
    """Path (relative to the repository) and bytes of every candidate: what Alembic itself would load, ``.py`` only.

    A file that cannot be read (no right, a link that leads nowhere or to itself) goes to ``locked``.

    Alembic's own rule: files that do not start with ``.`` or ``_`` (``__init__``) in the version folders, and below
    them with ``recursive_version_locations``.
    """
    if not project.version_locations:
        raise CannotDecide(
            "no folder with revisions is known",
            where=project.config,
            advice="Name it: --script-location DIR, or script_location in the Alembic config.",
        )
    for place in project.version_locations:
        folder = repo / place
        if not folder.is_dir():
            raise CannotDecide(
                "there is no such folder with revisions",
                where=place,
                advice="Check script_location and version_locations in the Alembic config.",
            )
        for path in sorted(_python_files(str(folder), project.recursive), key=_parts):
            name = _shown(path, repo)
            try:
                yield name, _contents.read(path)
            except OSError as error:
                why = "it is a link that leads to itself" if error.errno == errno.ELOOP else str(error.strerror)
                locked.append(_revision_files.unreadable(name, why, _MEND))


def _python_files(folder: str, recursive: bool) -> Iterator[str]:
    """Paths as text: thousands of ``Path`` objects take longer than reading the files."""
    for here, folders, names in os.walk(folder):  # does not follow links to folders: no loops
        folders[:] = sorted(one for one in folders if recursive and one not in SKIPPED and not one.startswith("."))
        yield from (
            os.path.join(here, name)  # noqa: PTH118  # see above
            for name in names
            if name.endswith(".py") and not name.startswith((".", "__init__"))
        )


def _parts(path: str) -> list[str]:
    """The order of ``Path``: folder by folder."""
    return path.split(os.sep)  # noqa: PTH206  # see above


def _shown(path: str, repo: Path) -> str:
    """As the report shows it: relative to the repository where it lies inside."""
    return path.removeprefix(os.path.join(repo, "")).replace(os.sep, "/")  # noqa: PTH118  # the root too


def blob_id(raw: bytes) -> str:
    """Git's id of these contents (gitglossary(7), "blob object")."""
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def graph(found: Iterable[Revision | GraphProblem | None], places: Iterable[str]) -> History:
    """Revisions in order of path, and the graph's own problems: unreadable, duplicate, missing parent, cycle, none."""
    every = [one for one in found if one is not None]
    revisions = [one for one in every if isinstance(one, Revision)]
    problems = [one for one in every if isinstance(one, GraphProblem)]
    problems += _duplicates(revisions)
    unique = list({one.id: one for one in reversed(revisions)}.values())[::-1]
    unique = _resolved(unique)
    problems += _missing(unique)
    problems += _cycles(unique)
    if not every:
        advice = "Check version_locations, or write the first revision with: alembic revision --autogenerate -m init"
        problems.append(GraphProblem("no-revisions", f"no revision file in {', '.join(places)}", advice=advice))
    return History(tuple(unique), tuple(problems))


def _resolved(revisions: list[Revision]) -> list[Revision]:
    """Partial ids and branch labels in ``down_revision`` written out, as Alembic's own map does."""
    ids = {one.id for one in revisions}
    labels = {label: one.id for one in revisions for label in one.branch_labels}

    def full(name: str) -> str:
        if name in ids:
            return name
        bare = name.removesuffix("@head").removesuffix("@base")
        bare = labels.get(bare, bare)
        close = [id for id in ids if len(bare) >= 4 and id.startswith(bare)]
        return bare if bare in ids else close[0] if len(close) == 1 else name

    return [replace(one, parents=tuple(map(full, one.parents))) if set(one.parents) - ids else one for one in revisions]


def _duplicates(revisions: list[Revision]) -> Iterator[GraphProblem]:
    twice = [id for id, count in Counter(one.id for one in revisions).items() if count > 1]
    for id in twice:
        same = [one for one in revisions if one.id == id]
        where = ", ".join(one.path for one in same)
        yield GraphProblem(
            "duplicate-id",
            f"revision {id} is in {len(same)} files: {where}",
            same[-1].path,
            same[-1].line,
            (id,),
            "Give one of them a new id, or delete the copy.",
        )


def _missing(revisions: list[Revision]) -> Iterator[GraphProblem]:
    ids = {one.id for one in revisions}
    for one in revisions:
        for parent in one.parents:
            if parent not in ids:
                advice = f"Restore the file of {parent}, or set down_revision to a revision that exists."
                yield GraphProblem(
                    "missing-parent",
                    f"revision {one.id} names {parent} as its parent, and no file has it",
                    one.path,
                    one.down_line,
                    (one.id, parent),
                    advice,
                )


def _cycles(revisions: list[Revision]) -> Iterator[GraphProblem]:
    """Revisions on a cycle, each cycle once; what merely hangs above one is left out."""
    held_back = {one.id: set(one.parents) for one in History(tuple(revisions)).held_back}
    left = {id: below & held_back.keys() for id, below in held_back.items()}
    ring = _trim(left)
    if ring:
        first = next(one for one in revisions if one.id in ring)
        text = f"the revisions {', '.join(sorted(ring))} are each other's ancestors"
        yield GraphProblem(
            "cycle",
            text,
            first.path,
            first.down_line,
            tuple(sorted(ring)),
            "Set one down_revision to the revision that really came before.",
        )


def _trim(left: Mapping[str, set[str]]) -> set[str]:
    ring = set(left)
    while True:
        named = {parent for id in ring for parent in left[id]}
        if not ring - named:
            return ring
        ring &= named
