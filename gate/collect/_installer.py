"""Builds the project's environment with uv, once for each set of dependency files; build backends are project code.

The installer gets the package clients' settings (``PIP_*``, ``UV_*``, certificates, proxies) and nothing else of ours;
as root it runs under the probe's uid. What pip is told, uv is told in its own words
(https://docs.astral.sh/uv/reference/environment/).
"""

from __future__ import annotations

import collections
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate import sandbox
from gate._family import kill_marked
from gate._reach import passable, readable
from gate.collect._install_advice import explained, is_unreachable
from gate.context import Progress
from gate.errors import CannotDecide, ProjectBroken, TimedOut

CLIENT = (
    "PIP_",
    "UV_",
    "POETRY_HTTP_BASIC_",
    "NETRC",
    "SSL_CERT_",
    "REQUESTS_CA_",
    "CURL_CA_",
    "GIT_SSL_",
    "GIT_CONFIG_",
)
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
SYSTEM = ("PATH", "LANG", "LC_ALL", "TZ", "CC", "CFLAGS", "LDFLAGS", "PKG_CONFIG_PATH", "RUSTUP_HOME", "CARGO_HOME")
# Back ends that know no variable for one package: only where the repository itself builds with them.
_UNNAMED = {
    "hatch-vcs": "SETUPTOOLS_SCM_PRETEND_VERSION",
    "pbr": "PBR_VERSION",
    "poetry-dynamic-versioning": "POETRY_DYNAMIC_VERSIONING_BYPASS",
}
_NAME = re.compile(r"""^\s*name\s*=\s*["']?([\w.-]+)""", re.MULTILINE)
# https://docs.astral.sh/uv/reference/settings/#required-version
_REQUIRED = re.compile(r"Required uv version `(?P<spec>[^`]+)` does not match")
OLDEST = 30 * 86400  # seconds; an environment unused for longer is removed when another is built
TAIL = 400  # lines
SHARED_CACHE = Path("/var/cache/alembic-gate")
# By these we know whether there is an account without rights while the project's Python is still to be got.
_PYTHONS = (sys.executable, "/usr/bin/python3")


class IndexUnreachable(ProjectBroken):
    """The package index could not be reached; nothing is wrong with the project itself."""


class NoInstaller(CannotDecide):
    """uv is not on this machine."""


@dataclass(frozen=True)
class Job:
    """What to build: a Python, the commands after the virtual environment exists, and what the result depends on.

    ``copy`` is the repository to copy when the project itself is built; ``folder`` (relative to it, or absolute without
    a copy) is where the commands run. In commands ``{python}`` and ``{venv}`` stand for the new environment.
    """

    python: str
    commands: tuple[tuple[str, ...], ...]
    key: tuple[str, ...]
    folder: Path
    copy: Path | None = None
    texts: tuple[tuple[str, str], ...] = ()


def find_uv() -> str | None:
    """The uv program: on PATH, or beside our own interpreter."""
    beside = Path(sys.executable).parent / "uv"
    return shutil.which("uv") or (str(beside) if os.access(beside, os.X_OK) else None)


def digest(files: Sequence[Path], *more: str) -> str:
    """What an environment depends on, as one text: contents of the dependency files, and everything else named."""
    total = hashlib.sha256()
    for path in files:
        total.update(path.name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"") + b"\0")
    total.update("\0".join((*more, platform.machine(), platform.libc_ver()[0])).encode())
    return total.hexdigest()[:24]


def build(job: Job, cache: Path, progress: Progress, timeout: float) -> tuple[Path, bool]:
    """The environment's Python, and whether it was already there.

    Raises ProjectBroken with the package and what to add when it fails, TimedOut, and CannotDecide without uv.
    """
    uv = find_uv()
    if uv is None:
        raise NoInstaller("the project's dependencies are not installed, and uv is not here to install them",
                           advice="pip install uv, or name the project's interpreter: --python PATH.")  # fmt: skip
    uid = account(job.python)
    cache = cache if passable(cache, uid) else _shared_cache(cache)
    home = cache / "environments" / digest((), *job.key)
    python = home / "venv" / "bin" / "python"
    with _locked(home):
        if (home / "complete").is_file() and os.access(python, os.X_OK):
            os.utime(home / "complete")
            return python, True
        _prune(cache / "environments")
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        _Build(job, home, cache, progress, uid, uv=uv, timeout=timeout).run()
        (home / "complete").write_text(json.dumps(job.key), "utf-8")
    return python, False


def account(python: str) -> int | None:
    """Who installs: as root the account that project code gets, where it may run this Python; else we ourselves."""
    if "/" in python:
        return sandbox.probe_uid(python)
    return next((uid for one in _PYTHONS if (uid := sandbox.probe_uid(one)) is not None), None)


def _shared_cache(own: Path) -> Path:
    """Root's own cache often lies where nobody else may look; it is used where there can be no other."""
    try:
        SHARED_CACHE.mkdir(parents=True, exist_ok=True)
        SHARED_CACHE.chmod(0o755)
    except OSError:
        return own
    return SHARED_CACHE


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One builder at a time for each environment, also between processes."""
    home.parent.mkdir(parents=True, exist_ok=True)
    home.parent.chmod(0o755)
    with (home.parent / f"{home.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _prune(folder: Path) -> None:
    for done in folder.glob("*/complete"):
        if time.time() - done.stat().st_mtime > OLDEST:
            shutil.rmtree(done.parent, ignore_errors=True)


class _Build:
    """One building: venv, then the job's commands, each with progress and a deadline."""

    def __init__(
        self, job: Job, home: Path, cache: Path, progress: Progress, uid: int | None, *, uv: str, timeout: float
    ) -> None:
        self.uv, self.job, self.home, self.progress, self.uid = uv, job, home, progress, uid
        self.deadline = time.monotonic() + timeout
        self.store = cache / ("uv" if self.uid is None else f"uv-{self.uid}")
        self.store.mkdir(exist_ok=True)
        self.folder = job.folder
        self.pretended = pretended(job.copy) if job.copy is not None else {}

    def run(self) -> None:
        """Raises ProjectBroken or TimedOut; what was begun is removed then."""
        try:
            if self.job.copy is not None:
                self.folder = sandbox.copy_workspace(self.job.copy, self.home, self.uid) / self.job.folder
            for name, text in self.job.texts:
                (self.home / name).write_text(text, "utf-8")
            if not readable(Path(self.uv), self.uid):  # often in root's own folder; it is one program
                self.uv = shutil.copy(self.uv, str(self.home / "uv"))
            sandbox.hand_over(self.home, self.uid)
            sandbox.hand_over(self.store, self.uid)
            seed = () if self.job.copy is None else ("--seed",)  # commands and older builds expect pip and setuptools
            self._step((self.uv, "venv", *seed, "--python", self.job.python, str(self.home / "venv")))
            for command in self.job.commands:
                self._step(tuple(self._filled(word) for word in command))
            if self.uid is not None:
                (self.home / "uv").unlink(missing_ok=True)
                sandbox.hand_over(self.home, os.geteuid())  # the probe's uid must not change what is cached
        except BaseException:
            shutil.rmtree(self.home, ignore_errors=True)
            raise

    def _filled(self, word: str) -> str:
        venv = self.home / "venv"
        return (word.replace("{uv}", self.uv).replace("{python}", str(venv / "bin" / "python"))
                .replace("{venv}", str(venv)).replace("{home}", str(self.home)))  # fmt: skip

    def _step(self, command: tuple[str, ...]) -> None:
        marker = secrets.token_hex(16)
        told = {**client_environment(os.environ), **self._own(), "ALEMBIC_GATE_PROBE": marker}
        drop: dict[str, Any] = {}
        if self.uid is not None:
            drop = {"user": self.uid, "group": self.uid, "extra_groups": []}
        try:
            process = subprocess.Popen(
                command, cwd=self.folder, env=told, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True, **drop,
            )  # fmt: skip
        except OSError as error:
            raise ProjectBroken(
                f"cannot be started: {error}", where=command[0], advice="Check the `install` command."
            ) from error
        tail: collections.deque[str] = collections.deque(maxlen=TAIL)
        reader = threading.Thread(target=self._listen, args=(process, tail), daemon=True)
        reader.start()
        try:
            process.wait(max(1.0, self.deadline - time.monotonic()))
            reader.join(5)
        except subprocess.TimeoutExpired as error:
            what = "the project's installation took too long and was ended; its last lines:\n" + _end(tail)
            advice = "Raise `timeout`, or install in an earlier step and pass --python."
            raise TimedOut(what, advice=advice) from error
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            kill_marked(marker)
        if process.returncode and command[0] == self.uv and (asked := _REQUIRED.search("\n".join(tail))):
            self._step((self._other_uv(asked["spec"], command[0]), *command[1:]))
        elif process.returncode:
            what, advice = explained("\n".join(tail), self.job.python)
            kind = IndexUnreachable if is_unreachable("\n".join(tail)) else ProjectBroken
            raise kind(what, where="install", advice=advice)

    def _other_uv(self, spec: str, uv: str) -> str:
        """The uv that the project's own settings ask for, taken from the package index; used from now on."""
        place = self.store / "programs" / re.sub(r"[^\w.]+", "_", spec)
        self.uv = str(place / "bin" / "uv")
        if not os.access(self.uv, os.X_OK):
            wanted = f"uv{spec if spec[0] in '<>=~!' else f'=={spec}'}"
            self.progress(f"install: the project asks for {wanted}")
            self._step(
                (uv, "pip", "install", "--no-config", "--python", self.job.python, "--target", str(place), wanted)
            )
        return self.uv

    def _own(self) -> dict[str, str]:
        """Folders of the build's own, and the names under which tools find the new environment."""
        venv = self.home / "venv"
        path = f"{venv / 'bin'}{os.pathsep}{Path(self.uv).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        own = {
            "PATH": path, "VIRTUAL_ENV": str(venv), "TMPDIR": str(self.home), "NO_COLOR": "1", **self.pretended,
            "UV_PROJECT_ENVIRONMENT": str(venv), "UV_CACHE_DIR": str(self.store), "UV_NO_PROGRESS": "1",
            "UV_LINK_MODE": "copy", "POETRY_VIRTUALENVS_CREATE": "false", "PIPENV_VERBOSITY": "-1",
        }  # fmt: skip
        if self.uid is not None:
            own["HOME"] = str(self.home)
            own["UV_PYTHON_INSTALL_DIR"] = str(self.store / "pythons")
        elif "HOME" in os.environ:
            own["HOME"] = os.environ["HOME"]
        return own

    def _listen(self, process: subprocess.Popen[bytes], tail: collections.deque[str]) -> None:
        assert process.stdout is not None
        with contextlib.suppress(ValueError, OSError):
            for line in iter(lambda: process.stdout.readline(8192), b""):  # type: ignore[union-attr]  # asserted above
                text = sandbox.harmless(line.decode("utf-8", "replace").rstrip())
                tail.append(text)
                if text.strip():
                    self.progress(f"install: {text.strip()[:100]}")


def pretended(repo: Path) -> dict[str, str]:
    """Versions for the project's own packages, which come from git tags that the private copy does not have.

    For these alone: a version pretended for everything is refused for every dependency that is built from source.
    """
    texts = [
        path.read_text("utf-8", "replace")
        for name in ("pyproject.toml", "setup.cfg", "setup.py")
        for pattern in (name, f"*/{name}", f"*/*/{name}")
        for path in sorted(repo.glob(pattern))
        if path.is_file()
    ]
    names = {re.sub(r"[-_.]+", "_", name).upper() for text in texts for name in _NAME.findall(text)}
    found = {f"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{name}": "0.0.0" for name in sorted(names)}
    every = "\n".join(texts)
    for mark, variable in _UNNAMED.items():
        if mark in every:
            found[variable] = "0.0.0"
    return found


def _end(tail: Sequence[str], lines: int = 12) -> str:
    return "\n".join(list(tail)[-lines:])


def client_environment(told: Mapping[str, str]) -> dict[str, str]:
    """The package clients' settings out of our environment, pip's also in uv's words."""
    ours = {
        name: value
        for name, value in told.items()
        if name.startswith(CLIENT) or name.lower() in PROXIES or name in SYSTEM
    }
    also = {
        "UV_DEFAULT_INDEX": told.get("PIP_INDEX_URL"),
        "UV_INDEX": " ".join(told.get("PIP_EXTRA_INDEX_URL", "").split()),
        "UV_FIND_LINKS": ",".join(told.get("PIP_FIND_LINKS", "").split()),
        "UV_CONSTRAINT": told.get("PIP_CONSTRAINT"),
        "UV_INSECURE_HOST": told.get("PIP_TRUSTED_HOST"),
        "SSL_CERT_FILE": told.get("PIP_CERT"),
    }
    if also["UV_INDEX"]:
        also["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # what pip does with extra indexes
    return {**{name: value for name, value in also.items() if value}, **ours}
