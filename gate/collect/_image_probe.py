"""The context probe: a docker daemon with BuildKit lists what a build context holds, with the real ignore matcher.

A build of two lines over an empty base, ``COPY . /``, written out as a tar that is only listed. Nothing is pulled, no
code of the project runs, no image is left behind.
https://docs.docker.com/build/exporters/local-tar/ and https://docs.docker.com/build/concepts/context/#filename-and-location
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from gate.collect._image_files import MOST_FILES, Repository
from gate.collect._tar import BROKEN, Budget, members
from gate.docker.build import Build, Context
from gate.docker.errors import UnknownError
from gate.docker.paths import clean

DOCKERFILE = "FROM scratch\nCOPY . /\n"
SECONDS = 120
MOST_BYTES = 4_000_000_000
LONGEST_ERROR = 100_000
OLDEST = (20, 10)  # the first engine whose classic client writes a tar to stdout and whose BuildKit needs no switch
CURRENT = (23, 0)  # earlier engines carry the matcher from before moby/patternmatcher
_KEPT = ("PATH", "HOME", "XDG_RUNTIME_DIR", "BUILDX_BUILDER")


class ProbeError(Exception):
    """Why the daemon gave no list."""


@dataclass
class ContextProbe:
    """Asks the daemon once for each context and ignore file. ``notes`` say why the static answer stands."""

    repository: Repository
    asked: dict[tuple[str, str], frozenset[str] | str] = field(default_factory=dict)
    version: tuple[int, ...] | None = None

    def probed(self, build: Build, dockerfile: str | None) -> tuple[Build, list[tuple[str, int, str]]]:
        """The build with the daemon's lists in place of the matcher's answers, all of them or none; and remarks."""
        notes: list[tuple[str, int, str]] = []
        main = self._context(build.context, dockerfile, notes)
        named = {
            name: self._context(one, None, notes) if isinstance(one, Context) else one
            for name, one in build.contexts.items()
        }
        if any(isinstance(one, Context) and one.listed is None for one in (main, *named.values())):
            return build, notes
        return dataclasses.replace(build, context=main, contexts=named), notes

    def _context(self, context: Context, dockerfile: str | None, notes: list[tuple[str, int, str]]) -> Context:
        place = context.ignore.path or dockerfile or "."
        try:
            listed = self._listed(context, dockerfile)
        except ProbeError as error:
            notes.append((place, 1, f"no context probe: {error}; the static answer stands"))
            return context
        found = dataclasses.replace(context, listed=listed)
        apart = _apart(context, found)
        if not apart:
            return found
        shown = ", ".join(apart[:5]) + (f" and {len(apart) - 5} more" if len(apart) > 5 else "")
        if self.version is not None and self.version < CURRENT:
            said = ".".join(map(str, self.version))
            why = f"engine {said} is too old to judge (its matcher is from before 23.0): it reads {shown} otherwise"
            notes.append((place, 1, f"no context probe: {why}; the static answer stands"))
            return context
        notes.append((place, 1, f"the daemon's matcher reads {shown} otherwise than the static model"))
        return found

    def _listed(self, context: Context, dockerfile: str | None) -> frozenset[str]:
        """The paths that the daemon saw, relative to the context. Raises ProbeError."""
        key = (context.folder, context.ignore.path if context.ignore.for_dockerfile else "")
        if key not in self.asked:
            try:
                self.version = self.version or server_version()
                self.asked[key] = self._ask(context, dockerfile)
            except ProbeError as error:
                self.asked[key] = str(error)
        found = self.asked[key]
        if isinstance(found, str):
            raise ProbeError(found)
        return found

    def _ask(self, context: Context, dockerfile: str | None) -> frozenset[str]:
        root = self.repository.root.resolve()
        folder = (root / context.folder).resolve()
        if not folder.is_relative_to(root) or not folder.is_dir():
            raise ProbeError(f"the context {context.folder} is no folder of the repository")
        self._bounded(context)
        with tempfile.TemporaryDirectory(prefix="context-probe-") as name:
            Path(name, "Dockerfile").write_text(DOCKERFILE, "utf-8")
            own = self.repository.read(f"{dockerfile}.dockerignore") if dockerfile else None
            if own is not None:
                Path(name, "Dockerfile.dockerignore").write_text(own, "utf-8", newline="")
            return listing(Path(name, "Dockerfile"), folder)

    def _bounded(self, context: Context) -> None:
        """Before anything is sent: what the model lets in is what the daemon would get."""
        total = 0
        for file in context.tree().files():
            origin = file[1].origin
            try:
                total += (self.repository.root / origin).lstat().st_size if origin else 0
            except OSError:
                continue
        if total > MOST_BYTES:
            raise ProbeError(f"the context holds more than {MOST_BYTES // 1_000_000_000} GB")


def _apart(static: Context, probed: Context) -> list[str]:
    """Files of the context about which model and daemon differ."""
    every = {entry.path for entry in static.entries if not entry.folder}
    ours = {path for path in every if not static.ruling(path).excluded}
    return sorted(ours ^ {path for path in every if not probed.ruling(path).excluded})


def server_version() -> tuple[int, ...]:
    """The engine's version, major and minor. Raises ProbeError where there is none or it is too old."""
    words = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=20, check=False, env=_environment()
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProbeError(f"docker does not answer ({_short(str(error))})") from error
    said = done.stdout.strip()
    parts = said.split(".")[:2]
    if done.returncode or len(parts) < 2 or not all(one.isascii() and one.isdigit() for one in parts):
        raise ProbeError(f"no docker daemon answers ({_short(done.stderr or said)})")
    version = tuple(map(int, parts))
    if version < OLDEST:
        raise ProbeError(f"docker engine {'.'.join(parts)} is too old; at least 20.10 is needed")
    return version


def listing(dockerfile: Path, folder: Path) -> frozenset[str]:
    """Build and list, within bounds of time, members and bytes. Raises ProbeError."""
    words = ["docker", "build", "--quiet", "--no-cache", "--network", "none", "--file", str(dockerfile)]
    words += ["--output", "type=tar,dest=-", str(folder)]
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, env=_environment())
        except OSError as error:
            raise ProbeError(f"docker cannot be started ({_short(str(error))})") from error
        found = _heard(process)
        if process.returncode < 0:
            raise ProbeError(f"the build of the context took more than {SECONDS} s")
        if process.returncode or found is None:
            errors.seek(0)
            said = errors.read(LONGEST_ERROR).decode("utf-8", "replace")
            raise ProbeError(f"the build of the context failed ({_short(said) or 'it wrote no tar'})")
        return found


def _heard(process: subprocess.Popen[bytes]) -> frozenset[str] | None:
    """The names in the tar that the process writes, None when it writes none. The process has ended then."""
    late = threading.Timer(SECONDS, process.kill)
    late.start()
    with process:
        assert process.stdout is not None
        try:
            found = _names(process.stdout)
        except BROKEN:
            found = None
        except ProbeError:
            process.kill()
            raise
        finally:
            while process.stdout.read(1 << 16):
                pass
            process.wait()
            late.cancel()
    return found


def _names(stream: IO[bytes]) -> frozenset[str]:
    """Every path of the tar; what the files hold is skipped."""
    try:
        return frozenset(clean(one.name) for one, _ in members(stream, Budget(MOST_FILES, MOST_BYTES)))
    except UnknownError as error:
        raise ProbeError("the context is too large to be listed") from error


def _environment() -> dict[str, str]:
    """What the client needs to find its daemon.

    BuildKit is on; buildx asks git for nothing (a repository's own git config may name programs) and attests nothing.
    https://docs.docker.com/build/building/variables/#build-tool-configuration-variables
    """
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("DOCKER_")}
    own = {"DOCKER_BUILDKIT": "1", "BUILDX_GIT_INFO": "false", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    return {**kept, **own}


def _short(text: str) -> str:
    return " ".join(text.split())[:200]
