"""A built image read from an archive: ``docker save``, an OCI archive or an OCI layout. Nothing of it is started.

Nothing is unpacked to disk: headers are streamed, and only files of interest are read, within bounds.
https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import contextlib
import json
import posixpath
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from gate.collect._tar import BROKEN, Budget, members, opened, text_of
from gate.docker.errors import UnknownError
from gate.docker.layers import Member, lay
from gate.docker.paths import clean, rooted
from gate.docker.tree import Place, Tree

LARGEST_JSON = 8_000_000
LARGEST_FILE = 4_000_000
MOST_MEMBERS = 2_000_000
MOST_BYTES = 32_000_000_000
MOST_LAYERS = 500


@dataclass(frozen=True)
class BuiltImage:
    """A built image: its merged tree and how its process starts."""

    tree: Tree
    workdir: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    user: str = "0"
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


@contextlib.contextmanager
def archive_of(name: str, repo: Path, workdir: Path) -> Iterator[Path]:
    """The archive behind ``--image``.

    A path (relative to the repository), else what ``docker save`` gives of a reference.
    """
    for path in (repo / name, Path(name)):
        if path.exists():
            yield path
            return
    if name.endswith((".tar", ".tar.gz", ".tgz", ".tar.zst")) or name.startswith((".", "/", "-")):
        raise UnknownError(f"there is no image archive {name}", settle="check the path; it is relative to --repo")
    goal = workdir / "image.tar"
    try:
        _save(name, goal)
        yield goal
    finally:
        goal.unlink(missing_ok=True)


def _save(name: str, goal: Path) -> None:
    """What ``docker save`` gives of a reference, into a file. Raises UnknownError."""
    words = ["docker", "image", "save", "-o", str(goal), "--", name]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=900, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnknownError(
            f"the image {name} cannot be read: {error}", settle="pass the output of `docker save` as --image"
        ) from error
    if done.returncode:
        why = " ".join(done.stderr.split())[:200]
        raise UnknownError(
            f"docker cannot save the image {name}: {why}", settle=f"`docker pull {name}` first, or pass an archive"
        )


class _Blobs:
    """The files of an archive or of a layout's folder, by name."""

    def __init__(self, path: Path, stack: contextlib.ExitStack) -> None:
        self.path, self.stack = path, stack
        self.tar: tarfile.TarFile | None = None
        self.names: dict[str, tarfile.TarInfo] = {}
        if path.is_file():
            self.tar = stack.enter_context(opened(path))
            for number, member in enumerate(self.tar):
                if number > MOST_MEMBERS:
                    raise UnknownError("the archive has too many members")
                self.names[rooted(member.name)] = member

    def open(self, name: str) -> IO[bytes]:
        """One file, as a stream."""
        if self.tar is None:
            real = (self.path / rooted(name)).resolve()
            if not real.is_relative_to(self.path.resolve()) or not real.is_file():
                raise UnknownError(f"the image layout has no {name}")
            return self.stack.enter_context(Path(real).open("rb"))
        member = self.names.get(rooted(name))
        found = self.tar.extractfile(member) if member is not None else None
        if found is None:
            raise UnknownError(f"the image archive has no {name}")
        return found

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self.names if self.tar is not None else (self.path / name).is_file()

    def json(self, name: str) -> Any:
        """A small JSON file."""
        raw = self.open(name).read(LARGEST_JSON + 1)
        if len(raw) > LARGEST_JSON:
            raise UnknownError(f"{name} of the image is too large")
        return json.loads(raw)


def read_image(path: Path, shown: str, wanted: Callable[[str], bool]) -> BuiltImage:
    """The image of an archive or layout; ``wanted`` says of a path whether its text is needed.

    Raises ``UnknownError`` for what cannot be read.
    """
    try:
        with contextlib.ExitStack() as stack:
            return _read(_Blobs(path, stack), shown, wanted)
    except (*BROKEN, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        what = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnknownError(
            f"{shown} is no image archive that can be read: {what}",
            settle="pass the output of `docker save`, an OCI archive or an OCI layout",
        ) from error


def _read(blobs: _Blobs, shown: str, wanted: Callable[[str], bool]) -> BuiltImage:
    config, layers = _saved(blobs) if blobs.has("manifest.json") else _layout(blobs)
    if len(layers) > MOST_LAYERS:
        raise UnknownError("the image has too many layers")
    tree = Tree()
    budget = Budget(MOST_MEMBERS, MOST_BYTES)
    for name in layers:
        lay(tree, _members(blobs.open(name), wanted, budget), Place(shown))
    said = blobs.json(config).get("config") or {}
    env = dict(one.partition("=")[::2] for one in said.get("Env") or ())
    return BuiltImage(
        tree,
        clean("/" + str(said.get("WorkingDir") or "/")),
        env,
        str(said.get("User") or "0").partition(":")[0],
        tuple(map(str, said.get("Entrypoint") or ())),
        tuple(map(str, said.get("Cmd") or ())),
    )


def _saved(blobs: _Blobs) -> tuple[str, list[str]]:
    """``docker save``: one image in ``manifest.json``."""
    manifests = blobs.json("manifest.json")
    if len(manifests) != 1:
        names = ", ".join(str((one.get("RepoTags") or ["?"])[0]) for one in manifests)
        raise UnknownError(f"the archive holds several images: {names}", settle="save one image")
    return str(manifests[0]["Config"]), [str(one) for one in manifests[0]["Layers"]]


def _layout(blobs: _Blobs) -> tuple[str, list[str]]:
    """An OCI layout: index, manifest (of linux/amd64 where there are several), config and layers."""
    found = blobs.json("index.json")
    for _ in range(4):
        if "manifests" not in found:
            break
        rows = [
            one
            for one in found["manifests"]
            if (one.get("annotations") or {}).get("vnd.docker.reference.type") != "attestation-manifest"
        ]
        fitting = [one for one in rows if (one.get("platform") or {}).get("architecture", "amd64") == "amd64"]
        found = blobs.json(_blob((fitting or rows)[0]))
    return _blob(found["config"]), [_blob(one) for one in found["layers"]]


def _blob(descriptor: Any) -> str:
    kind, _, digest = str(descriptor["digest"]).partition(":")
    return f"blobs/{rooted(kind)}/{rooted(digest)}"


def _members(stream: IO[bytes], wanted: Callable[[str], bool], budget: Budget) -> Iterator[Member]:
    for one, layer in members(stream, budget):
        kind = _kind(one)
        if kind or posixpath.basename(one.name).startswith(".wh."):
            data = text_of(layer, one, LARGEST_FILE) if wanted(one.name) else None
            yield Member(one.name, kind or "file", one.mode & 0o7777, str(one.uid), one.linkname, data)


def _kind(one: tarfile.TarInfo) -> str:
    """What a member is to a layer; empty for devices, pipes and sockets."""
    if one.isdir():
        return "folder"
    if one.issym():
        return "link"
    return "hard" if one.islnk() else "file" if one.isreg() else ""
