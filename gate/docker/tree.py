"""A virtual file tree: what an image or a build context holds, and where each file came from.

Contents are not held, only origins: the repository's path of a file and the instruction that put it there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from gate.docker.paths import clean

MOST_LINKS = 40  # Linux gives up after so many, too (path_resolution(7))
DEEPEST = 255


@dataclass(frozen=True)
class Place:
    """The instruction that put something there: file and line, and the stage it stands in."""

    path: str = ""
    line: int = 1
    stage: str = ""


@dataclass(frozen=True)
class File:
    """A file. ``origin`` is its path in the repository; ``data`` the content when the build itself made it.

    ``doubt`` says why the content or the very presence is not known. ``wheel`` holds the files of a wheel built in
    the image.
    """

    origin: str | None = None
    place: Place = Place()
    mode: int = 0o644
    owner: str = "0"
    data: bytes | None = None
    doubt: str | None = None
    wheel: tuple[tuple[str, File], ...] = ()


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str
    origin: str | None = None
    place: Place = Place()


@dataclass
class Dir:
    """A folder."""

    children: dict[str, Node] = field(default_factory=dict)
    mode: int = 0o755
    owner: str = "0"
    place: Place = Place()

    def copy(self) -> Dir:
        """A copy that shares its files, which never change."""
        return _copied(self)


Node = File | Link | Dir


def _copied(folder: Dir) -> Dir:
    made = Dir({}, folder.mode, folder.owner, folder.place)
    todo = [(folder, made)]
    while todo:
        source, target = todo.pop()
        for name, node in source.children.items():
            if isinstance(node, Dir):
                twin = Dir({}, node.mode, node.owner, node.place)
                target.children[name] = twin
                todo.append((node, twin))
            else:
                target.children[name] = node
    return made


@dataclass(frozen=True)
class Event:
    """Something that happened to a file of the repository: ``placed``, ``removed`` or ``overwritten``."""

    kind: str
    origin: str
    path: str
    place: Place


@dataclass(frozen=True)
class Fog:
    """At this path and below, anything may lie: why, and where that was said."""

    path: str
    why: str
    place: Place


@dataclass
class Tree:
    """Paths are absolute (``/app/x``). ``journal`` tells what happened to files of the repository, in order."""

    root: Dir = field(default_factory=Dir)
    journal: list[Event] = field(default_factory=list)
    fogs: list[Fog] = field(default_factory=list)

    def copy(self) -> Tree:
        """An independent copy."""
        return Tree(self.root.copy(), list(self.journal), list(self.fogs))

    # asking

    def resolve(self, path: str, *, last: bool = True) -> str | None:
        """The path with symbolic links followed inside this tree (the last part too, unless told); None for a loop."""
        todo = [part for part in clean("/" + path).split("/") if part]
        done: list[str] = []
        links = 0
        while todo:
            part = todo.pop(0)
            if part == "..":
                done = done[:-1]
                continue
            node = self.at("/" + "/".join([*done, part]))
            if isinstance(node, Link) and (todo or last):
                links += 1
                if links > MOST_LINKS:
                    return None
                done = [] if node.target.startswith("/") else done
                todo = [one for one in node.target.split("/") if one not in ("", ".")] + todo
                continue
            done.append(part)
        return "/" + "/".join(done)

    def at(self, path: str) -> Node | None:
        """What lies at exactly this path, links not followed."""
        node: Node | None = self.root
        for part in path.split("/"):
            if part:
                node = node.children.get(part) if isinstance(node, Dir) else None
        return node

    def get(self, path: str) -> Node | None:
        """What lies at this path, links followed."""
        real = self.resolve(path)
        return self.at(real) if real is not None else None

    def is_dir(self, path: str) -> bool:
        """Whether a folder lies there, links followed."""
        return isinstance(self.get(path), Dir)

    def files(self, path: str = "/") -> Iterator[tuple[str, File]]:
        """All files at and below a path, with their absolute paths; links are not followed."""
        start = self.at(path)
        if isinstance(start, File):
            yield path, start
        todo = [(path.rstrip("/"), start)] if isinstance(start, Dir) else []
        while todo:
            base, folder = todo.pop()
            for name, node in folder.children.items():
                if isinstance(node, Dir):
                    todo.append((f"{base}/{name}", node))
                elif isinstance(node, File):
                    yield f"{base}/{name}", node

    def fog_over(self, path: str) -> Fog | None:
        """The fog that covers a path, the latest first."""
        for fog in reversed(self.fogs):
            if fog.path in {"/", path} or path.startswith(fog.path + "/"):
                return fog
        return None

    def doubter(self, path: str, file: File) -> Place:
        """The instruction that made a file doubtful: the fog that lies over it, else the one that wrote it."""
        fog = self.fog_over(self.resolve(path) or path)
        return fog.place if fog is not None and fog.why == file.doubt else file.place

    # changing

    def mkdirs(self, path: str, place: Place = Place(), mode: int = 0o755, owner: str = "0") -> Dir | None:
        """The folder at a path, made with its parents; links are followed. None where a file stands in the way."""
        real = self.resolve(path)
        folder = self.root
        for part in (real or "").split("/"):
            if not part:
                continue
            child = folder.children.get(part)
            if child is None:
                child = folder.children[part] = Dir({}, mode, owner, place)
            if not isinstance(child, Dir):
                return None
            folder = child
        return folder if real is not None else None

    def put(self, path: str, node: Node, place: Place) -> bool:
        """Put a file or link at an exact path whose parents are made; False where something stands in the way."""
        parent, _, name = path.rpartition("/")
        folder = self.mkdirs(parent or "/", place)
        if folder is None or not name or isinstance(folder.children.get(name), Dir):
            return False
        old = folder.children.get(name)
        if isinstance(old, File) and old.origin and not (isinstance(node, File) and node.origin == old.origin):
            self.journal.append(Event("overwritten", old.origin, path, place))
        folder.children[name] = node
        if isinstance(node, File) and node.origin:
            self.journal.append(Event("placed", node.origin, path, place))
        return True

    def remove(self, path: str, place: Place, kind: str = "removed") -> bool:
        """Take away what lies at an exact path."""
        parent, _, name = path.rpartition("/")
        folder = self.get(parent or "/")
        if not isinstance(folder, Dir) or name not in folder.children:
            return False
        gone = [(where, file) for where, file in self.files(path) if file.origin]
        self.journal += [Event(kind, file.origin or "", where, place) for where, file in gone]
        del folder.children[name]
        return True

    def cover(self, path: str, why: str, place: Place) -> None:
        """Spread fog: nothing at or below a path is sure any more, neither what is there nor what is not."""
        self.fogs.append(Fog(path, why, place))
        for where, file in list(self.files(path)):
            parent, _, name = where.rpartition("/")
            folder = self.at(parent or "/")
            if isinstance(folder, Dir):
                folder.children[name] = dataclasses.replace(file, doubt=why)
