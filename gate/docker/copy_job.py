"""One COPY or ADD as a value: between which trees, with which flags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gate.docker.build import Entry
from gate.docker.errors import BuildError
from gate.docker.modes import Change
from gate.docker.tree import Dir, File, Link, Place, Tree


@dataclass(frozen=True)
class Options:
    """The flags of one COPY or ADD.

    ``change`` gives what is copied its mode, None keeps the source's; ``made`` is the mode of folders on the way, which
    an octal ``--chmod`` sets too. ``exclude`` holds raw patterns.
    """

    change: Change | None = None
    made: int = 0o755
    owner: str | None = None
    exclude: tuple[str, ...] = ()
    parents: bool = False
    link: bool = False


@dataclass(frozen=True)
class Copying:
    """One COPY or ADD: between which trees, with which flags, by which instruction.

    ``needed`` are paths of the repository that matter: no command makes them that does not name them. ``unpack`` gives
    the entries of an archive that ADD takes apart, None for other files.
    """

    source: Tree
    target: Tree
    options: Options
    place: Place
    needed: frozenset[str] = frozenset()
    unpack: Callable[[str], tuple[Entry, ...] | None] = lambda path: None

    def stop(self, what: str) -> BuildError:
        """The refusal of the builder, at this instruction."""
        return BuildError(what, self.place.path, self.place.line)

    def folder(self, path: str) -> Dir:
        """The folder at a path of the target, made with its parents as this instruction makes them."""
        made = self.target.mkdirs(path, self.place, self.options.made, self.options.owner or "0")
        if made is None:
            raise self.stop(f"{path} is not a folder")
        return made

    def mode(self, node: File | Dir) -> int:
        """The mode that a copied file or folder gets."""
        change = self.options.change
        return node.mode if change is None else change(node.mode, isinstance(node, Dir))

    def stamped(self, node: File | Link) -> File | Link:
        """The copied node as this instruction puts it."""
        if isinstance(node, Link):
            return Link(node.target, node.origin, self.place)
        owner = self.options.owner or node.owner
        return File(node.origin, self.place, self.mode(node), owner, node.data, node.doubt, node.wheel)
