"""Remarks beside a verdict: what other builders read otherwise, and ignore files that nobody reads."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from gate.docker.dockerfile import Dockerfile
from gate.docker.ignore import IgnoreFile, portability
from gate.docker.shipping import Ship

Remark = tuple[str, int, str]
DIFFERS = "differs under the classic builder or Podman"


def remarks(
    dockerfile: Dockerfile, ignore: IgnoreFile, ship: Ship, exists: Callable[[str], bool], folder: str
) -> Iterator[Remark]:
    """Everything worth saying about one build, each with a file and line."""
    for line, what in portability(ignore):
        yield ignore.path, line, f"{what} {DIFFERS}"
    for one in dockerfile.instructions:
        if one.name in ("COPY", "ADD") and one.flag("exclude") is not None:
            yield dockerfile.path, one.line, f"`{one.name} --exclude` {DIFFERS}"
        if one.name in ("COPY", "ADD") and one.heredocs:
            yield dockerfile.path, one.line, f"a heredoc `{one.name}` {DIFFERS}"
    beside = posixpath.dirname(dockerfile.path)
    dead = f"{beside}/.dockerignore"
    if beside and beside != folder and dead != ignore.path and exists(dead):
        yield dead, 1, f"nobody reads this file: the context is {folder}, whose own ignore file counts"
    heads = [one for one in dockerfile.instructions if one.name == "FROM"]
    last = heads[-1].words[-1] if heads and len(heads[-1].words) == 3 else str(len(heads) - 1)
    if (
        ship.target
        and ship.source in ("compose", "bake", "workflow")
        and len(heads) > 1
        and last.lower() != ship.target.lower()
    ):
        yield dockerfile.path, heads[-1].line, f"a build without a target builds stage {last}, not {ship.target}"
