"""The repository's files as a build context sees them: names, modes, links; bounded texts.

Archives that ADD unpacks.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gate.collect._git import Git
from gate.collect._tar import BROKEN, Budget, members, text_of
from gate.docker.build import Entry
from gate.docker.errors import UnknownError
from gate.docker.paths import rooted
from gate.docker.tree import Dir, File, Link, Node, Tree
from gate.errors import CannotDecide

MOST_FILES = 400_000
LARGEST_TEXT = 4_000_000
LARGEST_ARCHIVE = 200_000_000
MOST_MEMBERS = 100_000
MOST_BYTES = 4_000_000_000


@dataclass
class Repository:
    """One repository's folder, listed once. Paths are relative to it; nothing outside of it is ever read."""

    root: Path
    entries: tuple[Entry, ...] = ()
    texts: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.entries = tuple(_walk(self.root))
        self.by_path = {entry.path: entry for entry in self.entries}
        self.tree = Tree()
        folders: dict[str, Dir] = {"": self.tree.root}
        for entry in self.entries:
            parent, _, name = entry.path.rpartition("/")
            folder = folders[parent]
            made: Node = Dir() if entry.folder else Link(entry.target) if entry.target is not None else File(entry.path)
            folder.children[name] = made
            if isinstance(made, Dir):
                folders[entry.path] = made

    @property
    def files(self) -> list[str]:
        """All files, and links whose goal is a file of the repository."""
        plain = [one for one in self.entries if not one.folder]
        return [one.path for one in plain if one.target is None or isinstance(self.tree.get("/" + one.path), File)]

    def resolve(self, path: str) -> str:
        """A path with links followed inside the repository."""
        return (self.tree.resolve("/" + path) or "/" + path).lstrip("/") or "."

    def read(self, path: str) -> str | None:
        """The text of a file (links followed inside the repository), None when there is none or it is too large."""
        if path not in self.texts:
            self.texts[path] = self._read(path)
        return self.texts[path]

    def _read(self, path: str) -> str | None:
        if "!" in path and path not in self.by_path:
            return self._member(*path.split("!", 1))
        real = self.resolve(path)
        entry = self.by_path.get(real)
        if entry is None or entry.folder or entry.target is not None:
            return None
        try:
            with (self.root / real).open("rb") as file:
                raw = file.read(LARGEST_TEXT + 1)
        except OSError:
            return None
        return raw.decode("utf-8", "replace") if len(raw) <= LARGEST_TEXT else None

    def _member(self, path: str, name: str) -> str | None:
        """The text of a file inside a tar archive that ADD takes apart."""
        try:
            with (self.root / self.resolve(path)).open("rb") as file:
                for one, archive in members(file, Budget(MOST_MEMBERS, MOST_BYTES)):
                    if one.isreg() and rooted(one.name) == name:
                        raw = text_of(archive, one, LARGEST_TEXT)
                        return raw.decode("utf-8", "replace") if raw is not None else None
        except (*BROKEN, UnknownError):
            return None
        return None

    def archive(self, path: str) -> tuple[Entry, ...] | None:
        """The members of a tar archive (plain, gz, bz2, xz, zstd), None for any other file. Nothing is unpacked.

        An empty archive is none: so the builder sees it.
        """
        real = self.root / self.resolve(path)
        try:
            if not real.is_file() or real.stat().st_size > LARGEST_ARCHIVE:
                return None
            with real.open("rb") as file:
                found = [_member(one) for one, _ in members(file, Budget(MOST_MEMBERS, MOST_BYTES))]
        except (*BROKEN, UnknownError):
            return None
        return tuple(found) or None

    def tracked(self) -> frozenset[str] | None:
        """The files that git tracks, None without git."""
        found = Git(self.root).tracked()
        return frozenset(found) if found is not None else None

    def ignored_by_git(self, paths: list[str]) -> dict[str, tuple[str, int]]:
        """For files that git leaves out: the ignore file (relative) and line that says so (git-check-ignore(1), -v)."""
        out = (
            Git(self.root).run("check-ignore", "-v", "-z", "--stdin", stdin="\0".join(paths).encode())
            if paths
            else None
        )
        fields = (out or b"").decode("utf-8", "replace").split("\0")[:-1]
        rows = [fields[number : number + 4] for number in range(0, len(fields) - 3, 4)]
        return {row[3]: (row[0], int(row[1] or 1)) for row in rows if not Path(row[0]).is_absolute()}


def _member(one: tarfile.TarInfo) -> Entry:
    return Entry(one.name, one.mode & 0o7777, one.linkname if one.issym() else None, one.isdir(), str(one.uid))


def _walk(root: Path) -> Iterator[Entry]:
    """Folders before what they hold. Links are not followed, ``.git`` is listed but not entered."""
    todo = [""]
    count = 0
    while todo:
        base = todo.pop()
        try:
            found = sorted(os.scandir(root / base), key=lambda one: one.name)
        except OSError:
            continue
        for one in found:
            count += 1
            if count > MOST_FILES:
                raise CannotDecide(
                    f"there are more than {MOST_FILES} files",
                    where=str(root),
                    advice="Name the context with --docker-context.",
                )
            path = f"{base}/{one.name}" if base else one.name
            entry = _entry(path, one)
            if entry is not None:
                yield entry
                if entry.folder and path != ".git":
                    todo.append(path)


def _entry(path: str, one: os.DirEntry[str]) -> Entry | None:
    try:
        if one.is_symlink():
            return Entry(path, target=str(Path(one.path).readlink()))
        mode = one.stat(follow_symlinks=False).st_mode
    except OSError:
        return None
    if stat.S_ISDIR(mode):
        return Entry(path, mode & 0o7777, folder=True)
    return Entry(path, mode & 0o7777) if stat.S_ISREG(mode) else None
