"""The stages of one Dockerfile for one build, each evaluated when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gate.docker.build import Build, Stage
from gate.docker.dockerfile import Dockerfile, Instruction, shell_pieces
from gate.docker.errors import BuildError
from gate.docker.tree import Tree
from gate.docker.variables import BadWordError, expand

# https://docs.docker.com/build/building/variables/#multi-platform-build-arguments
PLATFORM = {
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
    "BUILDPLATFORM": "linux/amd64",
    "BUILDOS": "linux",
    "BUILDARCH": "amd64",
    "BUILDVARIANT": "",
    "TARGETSTAGE": "default",
}


@dataclass
class Evaluation:
    """All stages of one Dockerfile for one build, evaluated when asked for."""

    dockerfile: Dockerfile
    build: Build
    make: Callable[[Evaluation, int], Stage]
    heads: list[Instruction] = field(default_factory=list)
    bodies: list[list[Instruction]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    globals: dict[str, str] = field(default_factory=dict)
    done: dict[int, Stage] = field(default_factory=dict)
    source: Tree | None = None

    def stop(self, what: str, line: int) -> BuildError:
        """The builder's refusal, at a line of this Dockerfile."""
        return BuildError(what, self.dockerfile.path, line)

    @property
    def context(self) -> Tree:
        """The context's tree, made once and never changed."""
        if self.source is None:
            self.source = self.build.context.tree()
        return self.source

    def index(self, name: str | None) -> int:
        """The stage of a name (a number is none); the last one when none is said."""
        if name is None or name == "":
            return len(self.heads) - 1
        if name.lower() in self.names:
            return len(self.names) - 1 - self.names[::-1].index(name.lower())
        raise self.stop(f"target stage {name!r} could not be found", self.heads[-1].line)

    def stage(self, index: int) -> Stage:
        """The evaluated stage of this number. Raises ``BuildError`` where the build does."""
        if index not in self.done:
            self.done[index] = self.make(self, index)
        return self.done[index]


def word(made: Evaluation, text: str, values: Mapping[str, str], line: int) -> str:
    """A word with its variables put in. Raises ``BuildError`` where the builder refuses it."""
    try:
        return expand(text, values, made.dockerfile.escape)
    except BadWordError as error:
        raise made.stop(f"failed to process {text!r}: {error}", line) from error


def declare(made: Evaluation, into: dict[str, str], one: Instruction, inherited: Callable[[str], str | None]) -> None:
    """ARG: the build's value, else the default, else what the name means outside."""
    if not one.words:
        raise made.stop("ARG requires at least one argument", one.line)
    for piece in pairs(one.rest):
        name, equals, default = piece.partition("=")
        if name in made.build.args:
            into[name] = made.build.args[name]
        elif equals:
            into[name] = word(made, default, into, one.line)
        elif (value := inherited(name)) is not None:
            into[name] = value


def pairs(rest: str) -> list[str]:
    """``NAME=value`` words, quotes kept."""
    return shell_pieces(rest)
