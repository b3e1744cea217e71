"""A real builder: Docker with BuildKit, or buildah. A case goes in, the files of the image come out."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gate.collect._tar import zstd
from tests.docker.differential.cases import MEMBERS, Case

Files = dict[str, str]


@dataclass(frozen=True)
class Builder:
    """``kind`` is ``docker``, ``docker without layers`` (no image store of containerd), ``docker 20`` (BuildKit of before
    23.0) or ``buildah``; ``program`` the words that start a build.
    """

    kind: str
    program: tuple[str, ...]

    def build(self, case: Case, context: Path, out: Path) -> Files | None:
        """The image's files by path, None when the build stops."""
        archive = out / "image.tar"
        flags = [f"--output=type=tar,dest={archive}", *(f"--build-arg={one}" for one in case.args)]
        flags += [f"--target={case.target}"] if case.target else []
        flags += [f"--build-context={name}={context / path}" for name, path in case.named.items()]
        done = subprocess.run(
            [*self.program, *flags, str(context)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "DOCKER_BUILDKIT": "1"},
        )
        if done.returncode:
            return None
        found = read(archive)
        archive.unlink()
        return found


def read(archive: Path) -> Files:
    """What a tar holds: folders with their modes, links with their goals, files with their texts and modes."""
    found: Files = {}
    with tarfile.open(archive) as tar:
        for one in tar:
            path = (
                "/" + one.name.strip("./").removeprefix("./")
                if not one.name.startswith(".") or one.name.startswith("./")
                else "/" + one.name
            )
            if one.isdir():
                found[path] = f"folder {one.mode & 0o7777:o} {one.uid}"
            elif one.issym():
                found[path] = f"link {one.linkname}"
            elif one.isreg() or one.islnk():
                file = tar.extractfile(one)
                found[path] = f"{one.mode & 0o7777:o} {one.uid} {file.read().decode('latin-1') if file else ''}"
    return {path: text for path, text in found.items() if path != "/"}


def find() -> Builder | None:
    """The builder that ``ALEMBIC_GATE_BUILDER`` names; in CI the first of docker and buildah that builds a trial."""
    named = os.environ.get("ALEMBIC_GATE_BUILDER", "")
    if not named and not os.environ.get("ALEMBIC_GATE_CI"):
        return None
    folders = os.environ.get("PATH", "").split(os.pathsep)
    every = [
        program for name in ("docker", "buildah") for folder in folders if (program := shutil.which(name, path=folder))
    ]
    for program in [shutil.which(named) or named] if named else every:
        builder = _of(program)
        if _works(builder):
            return builder
    return None


def _of(program: str) -> Builder:
    if Path(program).name == "buildah":
        return Builder("buildah", (program, "--storage-driver=vfs", "bud", "--isolation=chroot", "--no-cache", "-q"))
    asked = [program, "info", "--format", "{{.ServerVersion}} {{.DriverStatus}}"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    major = said.split(".")[0]
    kind = "docker" if "io.containerd.snapshotter" in said else "docker without layers"
    # The plugin itself, where it lies beside the client, starts in a third of the time.
    builds = shutil.which("docker-buildx", path=str(Path(program).parent)) or program
    return Builder("docker 20" if major.isdigit() and int(major) < 23 else kind, (builds, "build", "-q"))


def _works(builder: Builder) -> bool:
    """A client without its builder, or without a daemon, is none."""
    with tempfile.TemporaryDirectory() as name:
        context = Path(name, "context")
        context.mkdir()
        case = Case(0, "FROM scratch\nCOPY env.py /\n")
        write(case, context)
        try:
            return builder.build(case, context, Path(name)) == {"/env.py": "644 0 env.py"}
        except (OSError, subprocess.TimeoutExpired):
            return False


def write(case: Case, folder: Path) -> None:
    """The context of a case; every file's text is its own path."""
    for name in case.empty:
        (folder / name).mkdir(parents=True)
    for name, mode in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        path.chmod(mode)
    for name, mode in case.folders.items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(mode)
    for name, goal in case.links.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(goal)
    for name in case.archives:
        pack(folder / name)
    (folder / "Dockerfile").write_text(case.dockerfile)
    if case.ignore:
        (folder / ".dockerignore").write_text(case.ignore)
    if case.own_ignore is not None:
        (folder / "Dockerfile.dockerignore").write_text(case.own_ignore)


def pack(archive: Path) -> None:
    """An archive that ADD may take apart; each member's text is its own path."""
    kind = {".gz": "gz", ".tbz": "bz2", ".txz": "xz"}.get(archive.suffix, "")
    if archive.name.startswith("broken"):
        archive.write_bytes(b"no archive")
        return
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode=f"w:{kind}") as tar:
        for name, mode in {} if archive.name.startswith("empty") else MEMBERS.items():
            member = tarfile.TarInfo(name.removesuffix("/"))
            member.mode, member.uid = mode, 9
            if name.endswith("/"):
                member.type = tarfile.DIRTYPE
            elif "->" in name:
                member.name, member.linkname = name.split("->")
                member.type = tarfile.SYMTYPE
            else:
                member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()) if member.isreg() else None)
    archive.write_bytes(zstd.compress(raw.getvalue()) if archive.suffix == ".zst" else raw.getvalue())
