"""The contents of one folder copied into another, with ``--exclude`` and ``--parents`` deciding what is taken.

Follows ``copier.copy`` of ``fsutil/copy`` (https://github.com/tonistiigi/fsutil): a folder that is not taken itself is
made only when something below it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.docker.copy_job import Copying
from gate.docker.ignore import IgnoreFile, State, matching
from gate.docker.tree import Dir, Event, File, Link


@dataclass
class _Level:
    """One folder being copied: from where, to which path, and what its children inherit from the patterns.

    ``made`` is the folder in the target, None until something comes into it. ``below`` is the path seen from the
    folder that is copied.
    """

    source: Dir
    path: str
    made: Dir | None
    above: _Level | None = None
    below: str = ""
    included: State = ()
    excluded: State = ()


@dataclass
class Merge:
    """One folder's way into another. ``taken`` counts what came along."""

    job: Copying
    include: IgnoreFile | None = None
    taken: int = 0

    def into(self, source: Dir, goal: str) -> None:
        """Copy the contents of ``source`` into the folder ``goal``, made when missing."""
        exclude = matching(self.job.options.exclude, self.job.place) if self.job.options.exclude else None
        todo = [_Level(source, goal.rstrip("/"), self.job.folder(goal))]
        while todo:
            level = todo.pop()
            for name in sorted(level.source.children):
                below = self._child(level, name, exclude)
                if below is not None:
                    todo.append(below)

    def _child(self, level: _Level, name: str, exclude: IgnoreFile | None) -> _Level | None:
        """Copy one entry of a folder; gives the level below when it is a folder that may hold more."""
        node, path, below = level.source.children[name], f"{level.path}/{name}", f"{level.below}{name}"
        wanted, included = self.include.step(below, level.included) if self.include is not None else (True, ())
        kept_out, excluded = exclude.step(below, level.excluded) if exclude is not None else (False, ())
        taken = wanted and not kept_out
        self.taken += taken
        if not isinstance(node, Dir):
            if taken:
                self._put(self._made(level), name, path, node)
            return None
        if kept_out and exclude is not None and not exclude.has_exceptions:
            return None
        found = _Level(node, path, None, level, f"{below}/", included, excluded)
        if taken:
            self._made(found)
            self._stamp(found)
        return found

    def _made(self, level: _Level) -> Dir:
        """The folder of a level in the target, made with those above it when something comes into it."""
        if level.made is None:
            assert level.above is not None  # the first level's folder is there from the start
            folder, name = self._made(level.above), level.path.rpartition("/")[2]
            old = folder.children.get(name)
            if old is not None and not isinstance(old, Dir):
                raise self.job.stop(f"cannot copy to non-directory: {level.path}")
            level.made = folder.children[name] = old or Dir({}, place=self.job.place)
            level.made.mode = self.job.mode(level.source) if old is None else level.source.mode
            level.made.owner = level.made.owner if old is not None else self.job.options.owner or level.source.owner
        return level.made

    def _stamp(self, level: _Level) -> None:
        """A folder that is taken itself gets mode and owner also where it was there before."""
        assert level.made is not None
        level.made.mode = self.job.mode(level.source)
        level.made.owner = self.job.options.owner or level.source.owner

    def _put(self, folder: Dir, name: str, path: str, node: File | Link) -> None:
        old = folder.children.get(name)
        if isinstance(old, Dir):
            raise self.job.stop(f"cannot replace to directory {path} with file")
        new = self.job.stamped(node)
        journal = self.job.target.journal
        if isinstance(old, File) and old.origin and not (isinstance(new, File) and new.origin == old.origin):
            journal.append(Event("overwritten", old.origin, path, self.job.place))
        folder.children[name] = new
        if isinstance(new, File) and new.origin:
            journal.append(Event("placed", new.origin, path, self.job.place))
