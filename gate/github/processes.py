"""The action's own processes: one after the other, their output made harmless, and nothing left behind.

As PID 1 of a container we get the orphans of everybody; elsewhere we ask the kernel for ours (PR_SET_CHILD_SUBREAPER,
prctl(2)). PR_SET_DUMPABLE 0 keeps /proc/self/environ, where the token is, from processes of the same user (proc(5)).
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from gate.render._workflow_commands import harmless

PR_SET_DUMPABLE = 4
TAIL_LINES = 40
LONGEST_LINE = 16_384
_SHED = "ALEMBIC_GATE_ENVIRONMENT"
_LINE_END = re.compile(rb"\r\n|\r|\n")


def hide_process() -> None:
    """Keep other processes of our user away from our memory and environment."""
    _prctl(PR_SET_DUMPABLE, 0)


def shed_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ``, after this program has started itself again with an environment that holds none of it.

    /proc/PID/environ shows what a process was started with for as long as it lives, and in a container that lacks a
    second user project code could read it. The values travel in an anonymous file (memfd_create(2)).
    """
    if _SHED in environ:
        with os.fdopen(int(environ[_SHED]), "rb") as file:
            return dict(json.loads(file.read()))
    if not hasattr(os, "memfd_create"):  # not Linux, so not the container
        return dict(environ)
    number = os.memfd_create("environment", 0)
    os.write(number, json.dumps(dict(environ)).encode())
    os.lseek(number, 0, os.SEEK_SET)
    bare = {name: environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in environ}
    os.set_inheritable(number, True)
    words = [sys.executable, "-I", "-m", "gate", "action"]
    return os.execve(sys.executable, words, {**bare, _SHED: str(number)})  # noqa: S606  # ourselves, no shell


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):  # not Linux: the container is where it matters
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


class Child:
    """One running process of ours. ``tail`` holds the last lines of its stderr, for when it leaves no report."""

    def __init__(self, words: Sequence[str], environ: Mapping[str, str], stdin: str, *, pumped: bool) -> None:
        pipe = subprocess.PIPE if pumped else None
        told = tempfile.TemporaryFile()  # noqa: SIM115  # handed to the child; without a name nobody else can open it
        told.write(stdin.encode())
        told.seek(0)
        self.tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-m", "gate", *words],
            env=dict(environ),
            stdin=told,
            stdout=pipe,
            stderr=pipe,
            cwd="/",
            start_new_session=True,
        )
        told.close()
        self.pumps = [
            threading.Thread(target=self._pump, args=(stream, keep), daemon=True)
            for stream, keep in ((self.process.stdout, False), (self.process.stderr, True))
            if stream is not None
        ]
        for pump in self.pumps:
            pump.start()

    def wait(self, seconds: float | None) -> int | None:
        """The exit code, or None when the time is over first."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        for pump in self.pumps:
            pump.join(0.5)
        return code

    def end(self, number: int, grace: float) -> None:
        """Ask it to stop by signal ``number``, then kill it."""
        with contextlib.suppress(OSError):
            self.process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
            return
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.5)

    def _pump(self, stream: IO[bytes], keep: bool) -> None:
        rest = b""
        while chunk := os.read(stream.fileno(), 65536):
            *lines, rest = _LINE_END.split(rest + chunk)
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._say(line, keep)
        if rest:
            self._say(rest, keep)

    def _say(self, line: bytes, keep: bool) -> None:
        text = harmless(line[:LONGEST_LINE].decode("utf-8", "replace"))
        if keep:
            self.tail.append(text)
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.write(text + "\n")
            sys.stdout.flush()


def end_rest(seconds: float = 1.5) -> None:
    """Kill whatever is left below us, daemons included, and reap it."""
    until = time.monotonic() + seconds
    while (left := descendants()) and time.monotonic() < until:
        for one in left:
            with contextlib.suppress(OSError):
                os.kill(one, signal.SIGKILL)
        _reap()
        time.sleep(0.02)
    _reap()


def descendants() -> list[int]:
    """Every living process below this one, by /proc; empty where there is none."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            if fields[0] != "Z":
                parents[int(folder.name)] = int(fields[1])
    found: list[int] = []
    todo = [os.getpid()]
    while todo:
        above = todo.pop()
        below = [one for one, parent in parents.items() if parent == above]
        found += below
        todo += below
    return found


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
