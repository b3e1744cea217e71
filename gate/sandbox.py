"""The trusted side of the boundary: starts the probe, feeds it requests, ends it with everything that it started.

Project code gets an allow-listed environment, its own process group, HOME and temporary folder, no stdin, another uid
where we are root, and a deadline. Its answers come on their own descriptor and are untrusted: parsed, bounded, checked.
Its stdout and stderr only ever reach people as a tail with control characters and workflow commands made harmless.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import re
import secrets
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from gate import _messages
from gate._family import adopt_orphans, family, kill_all, kill_marked
from gate.errors import ProjectBroken, TimedOut

PROBE = Path(__file__).parent / "probe"
PACKAGE = "alembic_gate_probe"
ALLOWED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "SSL_CERT_FILE", "SSL_CERT_DIR")
FORBIDDEN = ("INPUT_", "ACTIONS_", "GITHUB_", "RUNNER_", "GH_", "ALEMBIC_GATE_")
LONGEST_LINE = 64 * 1024 * 1024  # bytes of one answer; more is refused
MOST_SAID = 512 * 1024 * 1024  # bytes of all events of one request; what is recorded stays in memory
TAIL_LINES = 60
LONGEST_SHOWN = 8192  # bytes of one line of the project's output
MEMORY = 8 * 1024**3  # bytes of address space; a runaway allocation fails in the probe, not on the machine
LOOK = 2.0  # seconds of silence after which somebody looks why
DUMP = signal.SIGUSR2  # on it the probe writes where it is, whatever it is doing
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ')
_DUMP_LINE = re.compile(r'^(?:Current thread|Thread) 0x.*:$|^  File "|^  \.\.\.$|^Stack \(most recent')
LEFT_OUT = frozenset({".git", ".hg", "node_modules", "__pycache__", ".tox", ".nox", ".venv", "venv", ".mypy_cache",
                      ".ruff_cache", ".pytest_cache", ".eggs", ".terraform"})  # fmt: skip

Handler = Callable[[dict[str, Any]], dict[str, Any] | None]
Frames = list[tuple[str, int]]  # file and line, the innermost first


@dataclass(frozen=True)
class Lookout:
    """Who is asked while the project's code says nothing: now and then, and where it is when its time is over."""

    silent: Callable[[], None]
    where: Callable[[Frames], str]


@dataclass(frozen=True)
class Launch:
    """How to start a probe. ``folder`` is the private copy of the repository, ``directory`` where the project starts."""

    python: str
    folder: Path
    directory: str = "."
    environment: Mapping[str, str] = field(default_factory=dict)
    workdir: Path = Path("/tmp")  # noqa: S108  # always given by the run; only a default for the type
    timeout: float = 600.0
    uid: int | None = None


@dataclass(eq=False)
class ProjectFailure(Exception):
    """What project code raised: plain values from the untrusted side, bounded but not trusted.

    Not frozen: Python itself sets the traceback of an exception while it passes through context managers.
    """

    type: str
    text: str
    message: str
    revision: str | None = None
    line: int | None = None
    sql: str | None = None
    sqlstate: str | None = None
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.type}: {self.text}"


def copy_workspace(repo: Path, workdir: Path, uid: int | None) -> Path:
    """A private copy of the working tree, so that nothing in the workspace can change; owned by the probe's uid.

    Version control, virtual environments and caches stay behind. Links are copied as links; sockets and devices not.
    """
    target = workdir / f"tree-{secrets.token_hex(4)}"

    def left_out(folder: str, names: list[str]) -> set[str]:
        here = Path(folder)
        odd = {name for name in names if not _ordinary(here / name)}
        nested = {name for name in names if (here / name / "pyvenv.cfg").is_file()}
        return (set(names) & LEFT_OUT) | odd | nested

    shutil.copytree(repo, target, symlinks=True, ignore=left_out, ignore_dangling_symlinks=True)
    hand_over(target, uid)
    return target


def _ordinary(path: Path) -> bool:
    return path.is_symlink() or path.is_dir() or path.is_file()


def hand_over(folder: Path, uid: int | None) -> None:
    """Give a folder of ours to the probe's uid."""
    if uid is None:
        return
    for here, _, names in os.walk(folder):
        os.chown(here, uid, uid)
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                os.lchown(os.path.join(here, name), uid, uid)  # noqa: PTH118  # os.walk speaks text


def probe_uid(python: str) -> int | None:
    """The uid for project code: as root the account ``probe`` (in the image) or nobody's, if it may run this Python.

    Raises ProjectBroken in the action's image, where project code never runs as root. Elsewhere, on a machine of the
    user's own, a Python that only root may run is run by root.
    """
    if os.geteuid() != 0:
        return None
    uid = _account("alembic-gate-probe") or _account("nobody") or 65534
    try:
        done = subprocess.run(
            [python, "-I", "-S", "-c", "pass"],
            user=uid,
            group=uid,
            extra_groups=[],
            check=False,
            cwd="/",
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        works = done.returncode == 0
    except (OSError, subprocess.SubprocessError):
        works = False
    if not works and os.environ.get("ALEMBIC_GATE_IMAGE"):
        raise ProjectBroken(
            "cannot be run by the account that project code gets",
            where=python,
            advice="Let the gate build the environment (install: auto), or make the interpreter readable for everybody.",
        )
    return uid if works else None


def _account(name: str) -> int | None:
    import pwd

    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name).pw_uid
    return None


def environment(launch: Launch, home: Path, marker: str) -> dict[str, str]:
    """What project code may know: a short allow-list, the user's ``env:``, and folders of its own.

    A name that could hold a token or steer the runner is refused even when the user lists it.
    """
    told = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    told["PATH"] = f"{Path(launch.python).parent}{os.pathsep}{told.get('PATH', os.defpath)}"
    told |= {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": told.get("LANG", "C.UTF-8"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "0",
        "USER": "probe",
        "LOGNAME": "probe",
    }
    told |= {name: value for name, value in launch.environment.items() if not name.upper().startswith(FORBIDDEN)}
    return told | {"ALEMBIC_GATE_MEMORY": str(MEMORY), "ALEMBIC_GATE_PROBE": marker}


class Probe:
    """One running probe. ``call`` sends a request and gives its answer; events on the way go to ``handler``."""

    def __init__(self, launch: Launch, handler: Handler, lookout: Lookout | None = None) -> None:
        self._launch, self._handler, self._lookout = launch, handler, lookout
        self._marker = secrets.token_hex(16)
        self._tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
        self._buffer = b""
        self._said, self._closed = 0, False
        self._home = launch.workdir / f"home-{self._marker[:8]}"
        self._over = threading.Event()
        adopt_orphans()
        self._others = frozenset(family(os.getpid()))
        self._start()

    def __enter__(self) -> Probe:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        launch = self._launch
        self._home.mkdir(mode=0o700)
        program = self._home / "probe"
        lay_out(program)
        hand_over(self._home, launch.uid)
        theirs_in, self._requests = os.pipe()
        self._answers, theirs_out = os.pipe()
        os.set_blocking(self._requests, False)
        drop: dict[str, Any] = (
            {} if launch.uid is None else {"user": launch.uid, "group": launch.uid, "extra_groups": []}
        )
        try:
            self._process = subprocess.Popen(
                [launch.python, "-s", str(program), str(theirs_in), str(theirs_out)],
                cwd=launch.folder / launch.directory,
                env=environment(launch, self._home, self._marker),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs_in, theirs_out),
                start_new_session=True,
                umask=0o077,
                **drop,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ProjectBroken(
                f"the project's Python cannot be started: {error}",
                where=launch.python,
                advice="Name another one with --python.",
            ) from error
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        """Keep the end of what the project prints; does not wait for a descendant that keeps the pipe open for ever."""
        stream = self._process.stdout
        assert stream is not None
        left = b""
        while not self._over.is_set():
            if not select.select([stream], [], [], 0.2)[0]:
                continue
            chunk = os.read(stream.fileno(), 1 << 16)
            *lines, left = (left + chunk).split(b"\n")
            lines += [left] if left and (not chunk or len(left) > LONGEST_SHOWN) else []
            left = b"" if not chunk or len(left) > LONGEST_SHOWN else left
            self._tail.extend(harmless(line[:LONGEST_SHOWN].decode("utf-8", "replace")) for line in lines)
            if not chunk:
                return

    @property
    def tail(self) -> str:
        """The end of what the project printed, made harmless."""
        return "\n".join(self._tail)

    def call(self, verb: str, meanwhile: Callable[[], object] | None = None, **arguments: Any) -> Any:
        """The answer to one request; ``meanwhile`` is work of ours that is done while the project begins with it.

        Raises ProjectFailure for what project code raised, ProjectBroken when the process ended or spoke nonsense,
        TimedOut when it took longer than a step may.
        """
        deadline = time.monotonic() + self._launch.timeout
        self._send({"do": verb, **arguments}, deadline, verb)
        self._said = 0
        if meanwhile is not None:
            meanwhile()
            deadline = time.monotonic() + self._launch.timeout  # our own work is not the project's time
        self._step = deadline, verb
        while True:
            message = self._read(deadline, verb)
            if "answer" in message:
                return message["answer"]
            if "failed" in message:
                raise _failure(message["failed"])
            reply = self._handler(message)
            if reply is not None:
                self._send(reply, deadline, verb)

    def ask_rows(self, sql: str) -> list[list[Any]]:
        """Rows of a catalogue query on the project's connection, which answers before it goes on to its next statement."""
        deadline, verb = self._step
        self._send({"query": sql}, deadline, verb)
        return _messages.rows(self._read(deadline, verb).get("rows"))

    def _send(self, message: Mapping[str, Any], deadline: float, verb: str) -> None:
        """Say it within the deadline: who asks much and never reads the replies would hold us for ever."""
        data = json.dumps(message).encode() + b"\n"
        try:
            while data:
                left = deadline - time.monotonic()
                if self._closed or left <= 0 or not select.select([], [self._requests], [], left)[1]:
                    raise self._late(verb)
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self._requests, data) :]
        except OSError as error:
            raise self._ended() from error

    def _read(self, deadline: float, verb: str) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if self._closed or left <= 0:
                raise self._late(verb)
            if not select.select([self._answers], [], [], min(left, LOOK))[0]:
                if self._lookout:
                    self._lookout.silent()
                continue
            chunk = os.read(self._answers, 1 << 16)
            if not chunk:
                raise self._ended()
            self._buffer += chunk
            self._said += len(chunk)
            if len(self._buffer) > LONGEST_LINE or self._said > MOST_SAID:
                self.close()
                raise ProjectBroken("the project's process sent more than the gate reads")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return _messages.parsed(line)

    def _late(self, verb: str) -> TimedOut:
        where = self._lookout.where(self._frames()) if self._lookout and not self._closed else ""
        self.close()
        return TimedOut(
            f"{verb} took longer than {self._launch.timeout:g} s and was ended{where and ': '}{where}{self._shown()}",
            advice="Mend what hangs, or raise `timeout`.",
        )

    def _frames(self) -> Frames:
        """Where the process is now, as its interpreter writes it even from inside a blocking call."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self._process.pid, DUMP)
        time.sleep(0.3)  # the reader thread gets the lines
        lines = list(self._tail)
        self._tail.clear()
        self._tail.extend(line for line in lines if not _DUMP_LINE.match(line))
        found = (_FRAME.match(line) for line in lines)
        return [(one[1], int(one[2])) for one in found if one]

    def _shown(self) -> str:
        return f"; its last output:\n{self.tail}" if self._tail else ""

    def _ended(self) -> ProjectBroken:
        """The process is gone although nobody asked it to go."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        how = (
            f"was killed by {signal.Signals(-code).name}"
            if code and code < 0
            else f"ended by itself with exit code {code}"
        )
        time.sleep(0.05)  # the reader thread gets the last lines
        return ProjectBroken(
            f"the process that runs the project's code {how}{self._shown()}",
            advice="Look for os._exit, a crash of a C extension, or the machine's memory limit.",
        )

    def close(self) -> None:
        """End the probe and everything that it started, also what left its process group. Once only.

        Descriptor numbers are reused: a second closing would hit somebody else's.
        """
        if self._closed:
            return
        self._closed = True
        for each in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                os.close(each)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for _ in range(20):  # what forks while it is being killed loses the race in the end
            if not kill_all(family(os.getpid(), self._others)) + kill_marked(self._marker):
                break
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._over.set()
        self._reader.join(1)
        if self._process.stdout:
            with contextlib.suppress(OSError):
                self._process.stdout.close()
        shutil.rmtree(self._home, ignore_errors=True)


def lay_out(folder: Path) -> None:
    """The probe as a folder with one uniquely named package. No archive: project code opens ``__main__.__file__``."""
    (folder / PACKAGE).mkdir(parents=True)
    (folder / "__main__.py").write_text(f"from {PACKAGE}.__main__ import main\n\nmain()\n", "utf-8")
    for path in sorted(PROBE.glob("*.py")):
        shutil.copyfile(path, folder / PACKAGE / path.name)


def _failure(told: Any) -> ProjectFailure:
    told = told if isinstance(told, dict) else {}

    def text(name: str) -> str:
        return str(told.get(name) or "")[:8000]

    line = told.get("line")
    return ProjectFailure(
        type=text("type"),
        text=text("text"),
        message=text("message"),
        revision=text("revision") or None,
        line=line if isinstance(line, int) and line > 0 else None,
        sql=text("sql") or None,
        sqlstate=text("sqlstate") or None,
        traceback=text("traceback"),
    )


def harmless(line: str) -> str:
    """Project output for a log: no control characters, and no runner would read a workflow command in it."""
    clean = "".join(char if char.isprintable() or char == "\t" else "�" for char in line)
    return clean.replace("##[", "##\u200b[").replace("::", ":\u200b:")
