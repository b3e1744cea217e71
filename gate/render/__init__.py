"""SAYS: one format per file, report -> text, no I/O. A format's id is its file's name; there is no list to edit.

No ``from __future__ import annotations`` here: its name would hide the format ``annotations``.
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping

from gate.model import Report

Renderer = Callable[[Report], str]


class _Formats(Mapping[str, Renderer]):
    """The ``render`` of each public module of this folder, which is loaded when it is asked for."""

    def __init__(self) -> None:
        names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
        self._names = {name.replace("_", "-"): name for name in names}

    def __getitem__(self, id: str) -> Renderer:
        render: Renderer = importlib.import_module(f"{__name__}.{self._names[id]}").render
        return render

    def __contains__(self, id: object) -> bool:
        return id in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@functools.cache
def formats() -> Mapping[str, Renderer]:
    """Every format by id."""
    return _Formats()
