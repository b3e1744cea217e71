"""ADD of a local tar archive: it is taken apart at the destination, which COPY never does."""

from __future__ import annotations

from gate.docker.build import Entry
from gate.docker.copy_job import Copying
from gate.docker.paths import clean, rooted
from gate.docker.tree import Dir, File, Link


def unpacked(job: Copying, source: str, dest: str) -> bool:
    """Take a source apart at ``dest`` when it is an archive. ``--chmod`` and ``--exclude`` do not reach into it."""
    node = job.source.get(source)
    entries = job.unpack(node.origin) if isinstance(node, File) and node.origin else None
    if entries is None or not isinstance(node, File):
        return False
    goal = clean(dest)
    if job.target.mkdirs(goal, job.place, owner=job.options.owner or "0") is None:
        raise job.stop(f"{goal} is not a folder")
    for entry in entries:
        _place(job, entry, f"{node.origin}!{rooted(entry.path)}", f"{goal.rstrip('/')}/{rooted(entry.path)}")
    return True


def _place(job: Copying, entry: Entry, origin: str, goal: str) -> None:
    """One entry; it takes the place of what is not, like itself, a folder."""
    old = job.target.at(job.target.resolve(goal, last=False) or goal)
    owner = job.options.owner or entry.owner
    if old is not None and not (entry.folder and isinstance(old, Dir)):
        job.target.remove(job.target.resolve(goal, last=False) or goal, job.place, "overwritten")
    if entry.folder:
        made = job.target.mkdirs(goal, job.place)
        if made is not None:
            made.mode, made.owner = entry.mode, owner
        return
    node = File(origin, job.place, entry.mode, owner) if entry.target is None else Link(entry.target, None, job.place)
    job.target.put(goal, node, job.place)
