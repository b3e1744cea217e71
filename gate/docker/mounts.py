"""``RUN --mount``: what a mount shows while the RUN works, and that nothing of it stays.

https://docs.docker.com/reference/dockerfile/#run---mount
"""

from __future__ import annotations

from collections.abc import Callable

from gate.docker.build import Mount, Stage
from gate.docker.dockerfile import Instruction
from gate.docker.paths import clean, join, rooted
from gate.docker.tree import Dir, File, Fog, Node, Place, Tree

Grafted = list[tuple[str, Node | None, int]]


def graft(
    stage: Stage, one: Instruction, place: Place, source: Callable[[str | None], Tree], needed: frozenset[str]
) -> Grafted:
    """Put the mounts of a RUN into the tree; gives back what they hide."""
    grafted: Grafted = []
    for text in one.flag_values("mount"):
        said = dict(_pair(part) for part in text.split(","))
        kind = said.get("type", "bind")
        target = said.get("target") or said.get("dst") or said.get("destination")
        if target is None or kind not in ("bind", "cache", "tmpfs"):
            continue
        shown: Node = Dir()
        if kind == "bind":
            tree = source(said.get("from"))
            path = "/" + rooted(said.get("source") or said.get("src") or "")
            found = tree.get(path)
            shown = found.copy() if isinstance(found, Dir) else found or Dir()
            real = tree.resolve(path) or path
            stage.mounts.append(
                Mount(place, frozenset(file.origin for _, file in tree.files(real) if file.origin in needed))
            )
        grafted.append(_put(stage.tree, join(stage.workdir, target), shown))
    return grafted


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip()


def _put(tree: Tree, path: str, node: Node) -> tuple[str, Node | None, int]:
    path = tree.resolve(clean(path)) or clean(path)
    parent, _, name = path.rpartition("/")
    if not name:
        old: Node | None = tree.root
        tree.root = node.copy() if isinstance(node, Dir) else Dir()
        return "/", old, len(tree.fogs)
    folder = tree.mkdirs(parent or "/")
    old = folder.children.get(name) if folder else None
    if folder is not None:
        folder.children[name] = node
    return path, old, len(tree.fogs)


def take_off(stage: Stage, grafted: Grafted) -> None:
    """Take the mounts off again; an empty folder stays where there was none."""
    for path, old, fogs in reversed(grafted):
        stage.tree.fogs[fogs:] = [fog for fog in stage.tree.fogs[fogs:] if not _below(fog, path)]
        if path == "/":
            stage.tree.root = old if isinstance(old, Dir) else Dir()
            continue
        parent, _, name = path.rpartition("/")
        folder = stage.tree.get(parent or "/")
        if isinstance(folder, Dir):
            folder.children[name] = old if old is not None else _empty(folder.children.get(name))


def _below(fog: Fog, path: str) -> bool:
    return fog.path == path or fog.path.startswith(path + "/")


def _empty(node: Node | None) -> Node:
    return File(data=b"") if isinstance(node, File) else Dir()
