"""The processes below ours: found by parentage, so that nothing that project code starts outlives the probe."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterable
from pathlib import Path

_OURS: set[int] = set()


def spare(pid: int) -> None:
    """Take a child as the gate's own (a scratch server's keeper), also when it was started while a probe ran."""
    _OURS.add(pid)


def spare_no_more(pid: int) -> None:
    """It has ended: its number may become anybody's."""
    _OURS.discard(pid)


def adopt_orphans() -> None:
    """Become the parent of whatever the probe leaves behind, so that it is found (PR_SET_CHILD_SUBREAPER, prctl(2))."""
    with contextlib.suppress(OSError, AttributeError):  # not Linux: process group and marker remain
        ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)


def family(pid: int, strangers: frozenset[int] = frozenset()) -> set[int]:
    """The living descendants of a process, without ``strangers``, our own helpers and theirs (Linux, proc(5)).

    By parentage, not by environment: in a container even root may not read the environment of another uid.
    """
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, parent, *_ = entry.read_text("utf-8", "replace").rpartition(")")[2].split()
            if state not in "ZX":
                children.setdefault(int(parent), []).append(int(entry.parent.name))
    found: set[int] = set()
    spared = strangers | _OURS
    todo = [pid]
    while todo:
        new = [one for one in children.get(todo.pop(), ()) if one not in spared and one not in found]
        found.update(new)
        todo += new
    return found


def kill_all(processes: Iterable[int]) -> int:
    """Kill these processes; how many there were."""
    found = 0
    for pid in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            found += 1
    return found


def kill_marked(marker: str) -> int:
    """Kill every process whose environment carries the probe's marker: what escaped where orphans are not adopted."""
    needle = f"ALEMBIC_GATE_PROBE={marker}".encode()
    marked = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError, ValueError):
            if needle in entry.read_bytes():
                marked.append(int(entry.parent.name))
    return kill_all(marked)
