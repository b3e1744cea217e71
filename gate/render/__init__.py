"""SAYS: one format per file, report -> text, no I/O. A format's id is its file's name; there is no list to edit."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping

from gate.model import Report

Renderer = Callable[[Report], str]


@functools.cache
def formats() -> Mapping[str, Renderer]:
    """Every format by id: the ``render`` of each public module of this folder."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return {name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}").render for name in names}
