"""A scratch server's process: started through the keeper, so that it cannot outlive the gate."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gate._family import spare, spare_no_more
from gate._reach import passable
from gate.errors import ServerUnavailable

# A server's data belongs in memory when there is room for it: a container's default /dev/shm of 64 MB is too small.
_MEMORY = Path("/dev/shm")  # noqa: S108 - the system's memory file system, used with mkdtemp only
_ROOM = 1 << 30
# The variables that server binaries need; nothing else of the gate's environment (tokens) reaches them.
_PASSED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True)
class Identity:
    """The user a server runs as; None on both means: as we are."""

    uid: int | None = None
    gid: int | None = None

    def own(self, folder: Path) -> None:
        """Give a folder and everything in it to this user."""
        if self.uid is None or self.gid is None:
            return
        os.chown(folder, self.uid, self.gid)
        for root, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(f"{root}/{name}", self.uid, self.gid, follow_symlinks=False)

    def run(self, argv: Sequence[str], *, cwd: Path, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a helper program (initdb) as this user."""
        return subprocess.run(
            list(argv),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=clean_environment(cwd),
            cwd=cwd,
            timeout=timeout,
            check=False,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )


def server_identity(names: Sequence[str]) -> Identity:
    """As root: the first of these users that exists (servers refuse to run as root). Else: as we are."""
    if os.geteuid() != 0:
        return Identity()
    for name in (*names, "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(entry.pw_uid, entry.pw_gid)
    raise ServerUnavailable(
        "a database server must not run as root, and there is no other user to run it as",
        advice=f"create the user {names[0]}, or run the gate as an ordinary user",
    )


def clean_environment(home: Path) -> dict[str, str]:
    """The environment of a server: locale C, and no variable that could hold a secret or change its behaviour."""
    kept = {name: os.environ[name] for name in _PASSED if name in os.environ}
    fixed = {"LC_ALL": "C", "TZ": "UTC", "HOME": str(home), "TMPDIR": str(home)}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **kept, **fixed}


def runtime_folder(workdir: Path, identity: Identity, room: int = _ROOM) -> Path:
    """A new private folder for a server's data: in memory when there is room, else below ``workdir``."""
    for place in (_MEMORY, workdir, Path(tempfile.gettempdir())):
        try:
            if place is _MEMORY and shutil.disk_usage(place).free < room:
                continue
            if place is workdir:
                workdir.mkdir(parents=True, exist_ok=True)
            if not passable(place, identity.uid):
                continue
            folder = Path(tempfile.mkdtemp(prefix="alembic-gate-", dir=place))
        except OSError:
            continue
        identity.own(folder)
        return folder
    raise ServerUnavailable("there is no place for a scratch server's data", where=str(workdir))


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def taken_from(template: Path, mark: str, data: Path) -> bool:
    """Copy a kept data directory, if there is one that we may read; ``mark`` is a file that every whole one has."""
    try:
        if not (template / mark).is_file():
            return False
        copy_tree(template, data)
    except OSError:
        return False
    return True


def keep_template(data: Path, template: Path) -> None:
    """Keep a copy of a fresh data directory for the next run; another run may be doing the same."""
    draft = template.with_name(f"{template.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        template.parent.mkdir(parents=True, exist_ok=True)
        copy_tree(data, draft)
        draft.rename(template)
    except OSError:
        # Not being able to keep it (read-only cache, full disk, the other run was first) only costs time.
        shutil.rmtree(draft, ignore_errors=True)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder, as fast as the system can (``cp`` clones files where the file system does)."""
    done = subprocess.run(
        ["cp", "-R", "-p", str(source), str(target)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        raise OSError(f"copying {source} failed: {done.stderr.strip()[:500]}")


class Keeper:
    """A running server and the process that ends it with us."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        identity: Identity,
        folder: Path,
        log: Path,
        remove: Sequence[Path],
        stop_signal: int,
        environment: Mapping[str, str],
    ) -> None:
        order = {
            "argv": list(argv),
            "uid": identity.uid,
            "gid": identity.gid,
            "env": dict(environment),
            "cwd": str(folder),
            "log": str(log),
            "remove": [str(one) for one in remove],
            "stop_signal": int(stop_signal),
        }
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("_keeper.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=clean_environment(folder),
            start_new_session=True,
        )
        spare(self._process.pid)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the keeper process ended"}')
        if "pid" not in answer:
            self.stop()
            raise ServerUnavailable(f"the server did not start: {answer.get('error')}", where=argv[0] if argv else None)
        self.pid: int = answer["pid"]

    def alive(self) -> bool:
        """Whether the server's process is still there (a zombie is not)."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            if Path("/proc/self/stat").exists():
                return False
            return _signalled(self.pid)
        return state != "Z"

    def log_tail(self, lines: int = 5) -> str:
        """The last lines that the server wrote."""
        try:
            return "\n".join(self._log.read_text(errors="replace").strip().splitlines()[-lines:])
        except OSError:
            return ""

    def halt(self) -> None:
        """End the server and keep its folders, for another start."""
        self._end("keep\n")

    def stop(self) -> None:
        """End the server and remove its folders; waits until it is done."""
        self._end("")

    def _end(self, word: str) -> None:
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):  # the keeper is already gone
                process.stdin.write(word)
                process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        spare_no_more(process.pid)
        if process.stdout is not None:
            process.stdout.close()


def _signalled(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True
