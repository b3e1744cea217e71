"""What goes into a build and what comes out of it: contexts, plans and evaluated stages, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gate.docker.ignore import IgnoreFile, Ruling
from gate.docker.machine import Installed, Needs
from gate.docker.paths import join
from gate.docker.tree import Dir, File, Link, Place, Tree

UNKNOWN_FOLDER = "/\x00base"  # the folder in which a base image that is not known lets things start


@dataclass(frozen=True)
class Entry:
    """One file or link of the repository. ``path`` is relative to the repository; ``target`` is a link's text.

    ``owner`` counts only for members of an archive: a context's files all come as root's.
    """

    path: str
    mode: int = 0o644
    target: str | None = None
    folder: bool = False
    owner: str = "0"


@dataclass(frozen=True)
class Context:
    """A build context: its folder in the repository, its entries (paths relative to the folder), its ignore file.

    ``listed`` are the paths that a real builder saw, where one was asked: they count in place of the matcher's answer.
    """

    folder: str
    entries: tuple[Entry, ...]
    ignore: IgnoreFile = field(default_factory=IgnoreFile)
    listed: frozenset[str] | None = None

    def ruling(self, path: str) -> Ruling:
        """Whether ``path`` is kept out, and by which line of the ignore file."""
        ruling = self.ignore.ruling(path)
        return ruling if self.listed is None else Ruling(path not in self.listed, ruling.pattern)

    def tree(self, *, ignoring: bool = True) -> Tree:
        """What the builder gets to see. Excluded folders exist only for what comes back below them."""
        tree = Tree()
        excluded = self._excluded() if ignoring else None
        folders: dict[str, Dir] = {"": tree.root}
        modes: dict[str, int] = {}
        for entry in self.entries:
            if excluded is not None and excluded(entry.path):
                modes |= {entry.path: entry.mode} if entry.folder else {}
                continue
            origin = entry.path if self.folder in ("", ".") else f"{self.folder}/{entry.path}"
            parent, _, name = entry.path.rpartition("/")
            folder = folders[parent] if parent in folders else _made(folders, parent, modes)
            if entry.folder:
                folders[entry.path] = made = Dir({}, entry.mode)
                folder.children[name] = made
            elif entry.target is not None:
                folder.children[name] = Link(entry.target, origin)
            else:
                folder.children[name] = File(origin, mode=entry.mode)
        return tree

    def _excluded(self) -> Callable[[str], bool] | None:
        listed = self.listed
        if listed is not None:
            return lambda path: path not in listed
        return _Excluded(self.ignore) if self.ignore.patterns else None


def _made(folders: dict[str, Dir], path: str, modes: Mapping[str, int]) -> Dir:
    """A folder that the context leaves out but for what comes back below it; its mode is its own all the same."""
    if path not in folders:
        parent, _, name = path.rpartition("/")
        folders[path] = made = Dir({}, modes.get(path, 0o755))
        _made(folders, parent, modes).children[name] = made
    return folders[path]


class _Excluded:
    """Asks the ignore file for paths in any order, each folder's matches found once."""

    def __init__(self, ignore: IgnoreFile) -> None:
        self.ignore = ignore
        self.folders: dict[str, tuple[bool, tuple[bool, ...]]] = {"": (False, ())}

    def __call__(self, path: str) -> bool:
        parent = path.rpartition("/")[0]
        return self.ignore.step(path, self._state(parent))[0]

    def _state(self, folder: str) -> tuple[bool, ...]:
        if folder not in self.folders:
            self.folders[folder] = self.ignore.step(folder, self._state(folder.rpartition("/")[0]))
        return self.folders[folder][1]


@dataclass(frozen=True)
class Build:
    """One build as a user, compose, bake or a workflow asks for it. All that reads files is given as functions.

    ``contexts`` are named contexts: another Context, or the text of an image. ``read`` gives the text of a
    repository's file, None when it cannot be read. ``origins`` are the tracked files when the build takes the commit,
    not the working tree; ``by_presence`` takes any file at the right path for the repository's (a built image may be
    older). ``git_ignored`` names the line of a ``.gitignore`` for files that git leaves out. ``unpack`` gives the
    entries of a tar archive that ADD takes apart, None for other files.
    """

    context: Context
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, Context | str | Callable[[], Stage]] = field(default_factory=dict)
    needs: Needs = field(default_factory=Needs)
    read: Callable[[str], str | None] = lambda path: None
    unpack: Callable[[str], tuple[Entry, ...] | None] = lambda path: None
    unknown_args: bool = False
    origins: frozenset[str] = frozenset()
    git_ignored: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    start: str = UNKNOWN_FOLDER
    by_presence: bool = False

    def text(self, file: File) -> str | None:
        """The text of a file of the image, None when it is not known."""
        if file.data is not None:
            return file.data.decode("utf-8", "replace")
        return self.read(file.origin) if file.origin and not file.doubt else None


@dataclass(frozen=True)
class Mount:
    """A bind mount of one RUN: the repository's files that it shows, and where they come from."""

    place: Place
    origins: frozenset[str]


@dataclass
class Stage:
    """One evaluated stage. ``line`` is its FROM; ``parents`` the stages that it is made of, itself left out.

    ``opaque``: its base image is not known. ``generates``: commands ran that may make files. ``installs`` are the
    projects put into an environment; ``foreign`` says why the project may be installed from outside the repository.
    """

    name: str
    index: int
    line: int
    base: str = ""
    tree: Tree = field(default_factory=Tree)
    workdir: str = "/"
    workdir_line: int | None = None
    env: dict[str, str] = field(default_factory=dict)
    args: dict[str, str] = field(default_factory=dict)
    user: str = "0"
    users: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    run_line: int | None = None
    shell_form: bool = False
    on_build: tuple[str, ...] = ()
    mounts: list[Mount] = field(default_factory=list)
    empty_globs: list[tuple[str, int]] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    parents: tuple[int, ...] = ()
    uses: frozenset[int] = frozenset()
    opaque: bool = False
    generates: bool = False
    copied: bool = False
    unset: set[str] = field(default_factory=set)
    relative: bool = False
    goals: set[str] = field(default_factory=set)
    installs: list[Installed] = field(default_factory=list)
    foreign: str = ""

    @property
    def label(self) -> str:
        """The name that a target is given by."""
        return self.name or str(self.index)

    @property
    def variables(self) -> dict[str, str]:
        """Variables of words: ENV beats ARG."""
        return {**self.args, **self.env}

    def at(self, path: str) -> str:
        """A path seen from WORKDIR; whether that mattered is kept."""
        self.relative = self.relative or not path.startswith("/")
        return join(self.workdir, path)
