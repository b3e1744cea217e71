"""Where a RUN works: the stage's tree, folder and variables, and what of the repository matters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gate.docker import files
from gate.docker.paths import join
from gate.docker.shell import Command, Word
from gate.docker.tree import File, Place, Tree


@dataclass(frozen=True)
class Needs:
    """Which files matter: paths in the repository of what an upgrade needs, and all folders above them.

    ``name`` is the repository's own distribution, to know it when an index gives it.
    """

    origins: frozenset[str] = frozenset()
    name: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Paths that matter when a text names them: the files and the folders that hold them."""
        above = {parent for path in self.origins for parent in _parents(path)}
        return self.origins | above


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


@dataclass(frozen=True)
class Installed:
    """One project put into an environment: by which instruction, decided by which setting, and what that left out."""

    place: Place
    setting: tuple[str, int] | None
    left_out: frozenset[str] = frozenset()
    editable: bool = False


Install = Callable[["Machine", Command], bool]


@dataclass
class Machine:
    """Where a RUN works: the stage's tree, folder and variables. ``read`` gives a file's text, None when unknown."""

    tree: Tree
    cwd: str
    values: dict[str, str]
    place: Place
    needs: Needs
    read: Callable[[File], str | None]
    install: Install = lambda machine, command: False
    users: dict[str, str] = field(default_factory=dict)
    depth: int = 0
    generates: bool = False
    python: str = "3"
    installs: list[Installed] = field(default_factory=list)
    foreign: str = ""
    pipe: list[Command] = field(default_factory=list)
    values_kept: dict[str, str] = field(default_factory=dict)

    def path(self, word: Word | str) -> str:
        """A word as an absolute path."""
        return join(self.cwd, word if isinstance(word, str) else word.text)

    def paths(self, word: Word) -> list[str]:
        """The existing paths that a word means; its glob filled in."""
        return files.expand(self.tree, self.path(word)) if word.glob else [self.path(word)]

    def matters(self, path: str) -> bool:
        """Whether a needed file lies at or below a path of the tree."""
        real = self.tree.resolve(path, last=False) or path
        return any(file.origin in self.needs.origins for _, file in self.tree.files(real))

    def doubt(self, path: str, command: Command) -> None:
        """From here on, what lies at and below this path is not sure."""
        self.tree.cover(
            self.tree.resolve(path) or path, f"`{' '.join(command.text)[:120]}` may change {path}", self.place
        )
