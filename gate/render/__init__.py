"""SAYS: one format per file, report -> text, no I/O. A format's id is its file's name; there is no list to edit.

No ``from __future__ import annotations`` here: its name would hide the format ``annotations``.
"""

import functools
from collections.abc import Callable, Mapping
from types import ModuleType

from gate._room import Room
from gate.model import Report

Renderer = Callable[[Report], str]


@functools.cache
def formats() -> Mapping[str, Renderer]:
    """Every format by id: the ``render`` of each public module of this folder."""
    return Room(__name__, __path__, _render)


def _render(_: str, module: ModuleType) -> Renderer:
    render: Renderer = module.render
    return render
