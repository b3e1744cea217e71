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
from tests.docker.differential.cases import Case

Files = dict[str, str]


def predict(case: Case, folder: Path) -> Files | None:
    """The image's files by path, None when the build should stop."""
    repository = Repository(folder)
    try:
        build = Build(
            context_of(repository, ".", "Dockerfile", frozenset()),
            args=dict(one.split("=", 1) for one in case.args),
            contexts={name: context_of(repository, path, None, frozenset()) for name, path in case.named.items()},
            read=repository.read,
            unpack=repository.archive,
        )
        made = evaluate(parse(repository.read("Dockerfile") or ""), build)
        tree = made.stage(made.index(case.target or None)).tree
    except BuildError:
        return None
    found: Files = {}
    todo: list[tuple[str, Node]] = [("", tree.root)]
    while todo:
        path, node = todo.pop()
        if isinstance(node, Dir):
            found[path] = f"folder {node.mode & 0o7777:o} {node.owner}"
            todo += [(f"{path}/{name}", child) for name, child in node.children.items()]
        elif isinstance(node, Link):
            found[path] = f"link {node.target}"
        elif isinstance(node, File):
            found[path] = f"{node.mode & 0o7777:o} {node.owner} {_text(repository, node)}"
    found.pop("", None)
    return found


def _text(repository: Repository, file: File) -> str:
    """What the file holds; a member of an archive holds its own path."""
    if not file.origin:
        return (file.data or b"").decode("latin-1")
    archive, member, path = file.origin.partition("!")
    return path if member else (repository.root / archive).read_bytes().decode("latin-1")
