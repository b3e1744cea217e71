"""Slash-separated paths as Go's ``path`` package sees them."""

from __future__ import annotations

import posixpath
import re


def clean(path: str) -> str:
    """Go's ``path.Clean``: ``a//b``, ``./a`` and ``a/../b`` made short; empty becomes ``.``."""
    return posixpath.normpath(re.sub("/+", "/", path)) if path else "."


def join(base: str, path: str) -> str:
    """``path`` seen from the absolute folder ``base``; a trailing slash is dropped."""
    return clean(posixpath.join(base, path)) if path else clean(base)


def inside(root: str, path: str) -> str | None:
    """``path`` relative to the folder ``root`` (both cleaned), or None when it lies outside."""
    if root in ("", ".", "/"):
        return path.lstrip("/") or "."
    if path == root:
        return "."
    return path[len(root) + 1 :] if path.startswith(root + "/") else None


def rooted(path: str) -> str:
    """A source path of COPY: relative to the context, ``..`` cut at its root, without slashes at the ends."""
    return clean("/" + path).lstrip("/")
