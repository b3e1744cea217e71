"""The same case through the model, in the builder's terms."""

from __future__ import annotations

from pathlib import Path

from gate.collect._image_files import Repository
from gate.collect._image_ships import context_of
from gate.docker.build import Build
from gate.docker.dockerfile import parse
from gate.docker.errors import BuildError
from gate.docker.stages import evaluate
from gate.docker.tree import Dir, File, Link, Node

Files = dict[str, str]


def predict(folder: Path) -> Files | None:
    """The image's files by path, None when the build should stop."""
    repository = Repository(folder)
    try:
        build = Build(
            context_of(repository, ".", "Dockerfile", frozenset()), read=repository.read, unpack=repository.archive
        )
        made = evaluate(parse(repository.read("Dockerfile") or ""), build)
        tree = made.stage(made.index(None)).tree
    except BuildError:
        return None
    found: Files = {}
    todo: list[tuple[str, Node]] = [("", tree.root)]
    while todo:
        path, node = todo.pop()
        if isinstance(node, Dir):
            found[path] = "folder"
            todo += [(f"{path}/{name}", child) for name, child in node.children.items()]
        elif isinstance(node, Link):
            found[path] = f"link {node.target}"
        elif isinstance(node, File):
            text = repository.read(node.origin) if node.origin else (node.data or b"").decode()
            found[path] = f"{node.mode & 0o777:o} {text}"
    found.pop("", None)
    return found
