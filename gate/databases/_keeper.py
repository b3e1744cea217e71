"""Holds a scratch server's life: ends it, and removes its files, as soon as the gate is gone, however it went.

Runs as its own process with nothing but the standard library. Reads one JSON line from stdin (what to start), answers
with one JSON line, and then waits: end of file on stdin means that the gate closed the pipe or died (also by SIGKILL,
since the kernel closes the pipe).
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1  # prctl(2): the signal that this process gets when its parent dies


def _die_with_keeper() -> None:
    """In the server's process, before exec: if even the keeper is killed, the kernel ends the server."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _start(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    identity: dict[str, Any] = {}
    if order.get("uid") is not None:
        identity = {"user": order["uid"], "group": order["gid"], "extra_groups": []}
    with Path(order["log"]).open("ab") as log:
        return subprocess.Popen(
            order["argv"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=order["env"],
            cwd=order["cwd"],
            start_new_session=True,
            preexec_fn=_die_with_keeper,  # noqa: PLW1509 - this process has one thread
            **identity,
        )


def _stop(server: subprocess.Popen[bytes], how: int) -> None:
    if server.poll() is None:
        server.send_signal(how)
    try:
        server.wait(timeout=2)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _answer(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Start, wait for the end of the gate, stop, clean up."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    order = json.loads(sys.stdin.readline())
    server, last = None, ""
    try:
        server = _start(order) if order["argv"] else None
        _answer(pid=server.pid if server else None)
        last = sys.stdin.read()
    except (OSError, ValueError) as error:
        _answer(error=str(error))
    finally:
        if server is not None:
            _stop(server, order["stop_signal"])
        for folder in () if last.strip() == "keep" else order["remove"]:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
