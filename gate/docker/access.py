"""Whether the image's user may read what an upgrade reads (file modes and owners, groups left out)."""

from __future__ import annotations

from gate.docker.build import Stage
from gate.docker.tree import Dir, File, Place

ROOT = ("", "0", "root")


def unreadable(stage: Stage, path: str, user: str) -> Place | None:
    """The instruction that put a file or folder on the way to ``path`` which the user cannot read.

    None when all is well.
    """
    if user in ROOT:
        return None
    real = stage.tree.resolve(path) or path
    parts = [part for part in real.split("/") if part]
    for depth in range(1, len(parts) + 1):
        node = stage.tree.at("/" + "/".join(parts[:depth]))
        if isinstance(node, (File, Dir)) and not _allowed(stage, node, user):
            return node.place
    return None


def _allowed(stage: Stage, node: File | Dir, user: str) -> bool:
    wanted = 4 if isinstance(node, File) else 1
    owns = _number(stage, node.owner) == _number(stage, user)
    return bool((node.mode >> 6 if owns else node.mode | node.mode >> 3 & _same_group(node)) & wanted)


def _same_group(node: File | Dir) -> int:
    """Group rights count only for files of another owner than root: COPY's default group is root's."""
    return 7 if node.owner not in ROOT else 0


def _number(stage: Stage, name: str) -> str:
    name = "0" if name == "root" else name
    return stage.users.get(name, name)
