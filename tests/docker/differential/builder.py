"""A real builder: Docker with BuildKit, or buildah. A case goes in, the files of the image come out."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.docker.differential.cases import Case

Files = dict[str, str]


@dataclass(frozen=True)
class Builder:
    """``kind`` is ``docker``, ``docker 20`` (BuildKit of before 23.0) or ``buildah``.

    ``program`` the words that start a build.
    """

    kind: str
    program: tuple[str, ...]

    def build(self, context: Path, out: Path) -> Files | None:
        """The image's files by path, None when the build stops."""
        archive = out / "image.tar"
        goal = f"type=tar,dest={archive}"
        done = subprocess.run(
            [*self.program, *(("-o", goal) if self.kind != "buildah" else ("--output", goal)), str(context)],
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
                found[path] = "folder"
            elif one.issym():
                found[path] = f"link {one.linkname}"
            elif one.isreg() or one.islnk():
                file = tar.extractfile(one)
                found[path] = f"{one.mode & 0o777:o} {file.read().decode() if file else ''}"
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
    version = subprocess.run(
        [program, "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=False
    )
    major = version.stdout.split(".")[0]
    return Builder("docker 20" if major.isdigit() and int(major) < 23 else "docker", (program, "build", "-q"))


def _works(builder: Builder) -> bool:
    """A client without its builder, or without a daemon, is none."""
    with tempfile.TemporaryDirectory() as name:
        context = Path(name, "context")
        context.mkdir()
        write(Case(0, "FROM scratch\nCOPY env.py /\n"), context)
        try:
            return builder.build(context, Path(name)) == {"/env.py": "644 env.py"}
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
    for name, goal in case.links.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(goal)
    (folder / "Dockerfile").write_text(case.dockerfile)
    if case.ignore:
        (folder / ".dockerignore").write_text(case.ignore)
