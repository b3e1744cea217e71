"""Which places another account can come to: project code and scratch servers do not run as root."""

from __future__ import annotations

from pathlib import Path

_PASS, _OWN_PASS, _READ = 0o001, 0o100, 0o004


def passable(path: Path, uid: int | None) -> bool:
    """Can this account come to the path: every folder on the way lets others pass. None is our own account."""
    if uid is None:
        return True
    for folder in (path.resolve(), *path.resolve().parents):
        if not folder.is_dir():
            continue
        state = folder.stat()
        if not (state.st_mode & _PASS or (state.st_uid == uid and state.st_mode & _OWN_PASS)):
            return False
    return True


def readable(file: Path, uid: int | None) -> bool:
    """Can this account read the file: it may come there, and the file lets others read."""
    if uid is None:
        return True
    state = file.stat()
    return passable(file.parent, uid) and (state.st_uid == uid or bool(state.st_mode & _READ))
