"""Layers of a built image merged into one tree: white-outs, opaque folders, links; names never lead outside.

https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.docker.errors import UnknownError
from gate.docker.paths import rooted
from gate.docker.tree import DEEPEST, Dir, File, Link, Node, Place, Tree

WHITE_OUT = ".wh."
OPAQUE = ".wh..wh..opq"


@dataclass(frozen=True)
class Member:
    """One entry of a layer. ``kind`` is ``file``, ``folder``, ``link`` or ``hard``.

    ``data`` only for files of interest.
    """

    path: str
    kind: str
    mode: int = 0o644
    owner: str = "0"
    target: str = ""
    data: bytes | None = None


def lay(tree: Tree, members: Iterable[Member], place: Place) -> None:
    """Lay one layer over the tree.

    Deletions count for what lower layers brought, wherever they stand in the archive.
    """
    fresh: set[str] = set()
    for member in members:
        path = "/" + rooted(member.path)
        if path.count("/") > DEEPEST:
            raise UnknownError(f"the image has a path that is nested too deeply: {path[:80]}…")
        parent, _, name = path.rpartition("/")
        if name == OPAQUE:
            _clear(tree, parent or "/", fresh)
        elif name.startswith(WHITE_OUT):
            _remove(tree, parent, name[len(WHITE_OUT) :])
        elif name:
            _put(tree, parent, name, member, place)
            fresh.add(path)


def _folder(tree: Tree, path: str) -> Dir:
    """The folder at an exact path: layers never write through links of lower layers."""
    folder = tree.root
    for part in path.split("/"):
        if part:
            child = folder.children.get(part)
            if not isinstance(child, Dir):
                child = folder.children[part] = Dir()
            folder = child
    return folder


def _clear(tree: Tree, path: str, fresh: set[str]) -> None:
    folder = tree.at(path)
    if isinstance(folder, Dir):
        for name in [name for name in folder.children if f"{path.rstrip('/')}/{name}" not in fresh]:
            del folder.children[name]


def _remove(tree: Tree, parent: str, name: str) -> None:
    folder = tree.at(parent or "/")
    if isinstance(folder, Dir):
        folder.children.pop(name, None)


def _put(tree: Tree, parent: str, name: str, member: Member, place: Place) -> None:
    folder = _folder(tree, parent)
    old = folder.children.get(name)
    node: Node | None
    if member.kind == "folder":
        node = old if isinstance(old, Dir) else Dir()
        node.mode, node.owner = member.mode, member.owner
    elif member.kind == "link":
        node = Link(member.target, None, place)
    elif member.kind == "hard":
        node = tree.at("/" + rooted(member.target))
    else:
        node = File(None, place, member.mode, member.owner, member.data)
    if node is not None:
        folder.children[name] = node
