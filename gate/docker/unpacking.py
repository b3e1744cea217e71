"""ADD of a local tar archive: it is taken apart at the destination, which COPY never does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from gate.docker.build import Entry
from gate.docker.copying import Copying, matches
from gate.docker.paths import clean, rooted
from gate.docker.tree import File, Link


def unpack(
    job: Copying, sources: list[str], dest: str, entries: Callable[[str], tuple[Entry, ...] | None]
) -> list[str]:
    """Unpack what is an archive; gives back the sources that are not."""
    left = []
    for source in sources:
        archives = [_archive(job, path, entries) for path in matches(job, source)]
        if not archives or any(found is None for found in archives):
            left.append(source)
            continue
        for origin, found in filter(None, archives):
            _place(job, origin, found, clean(dest))
    return left


def _archive(
    job: Copying, path: str, entries: Callable[[str], tuple[Entry, ...] | None]
) -> tuple[str, tuple[Entry, ...]] | None:
    node = job.source.get(path)
    found = entries(node.origin) if isinstance(node, File) and node.origin else None
    return (node.origin, found) if found is not None and isinstance(node, File) and node.origin else None


def _place(job: Copying, archive: str, entries: tuple[Entry, ...], dest: str) -> None:
    job.target.mkdirs(dest, job.place)
    for entry in entries:
        goal = f"{dest.rstrip('/')}/{rooted(entry.path)}"
        if entry.folder:
            job.target.mkdirs(goal, job.place, entry.mode)
        elif entry.target is not None:
            job.target.put(goal, Link(entry.target, None, job.place), job.place)
        else:
            inner = File(f"{archive}!{rooted(entry.path)}", job.place, entry.mode)
            job.target.put(goal, dataclasses.replace(inner, owner=job.options.owner or "0"), job.place)
