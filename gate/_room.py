"""What the public modules of a folder offer, by id: there is no list to edit. An id is a file's name with dashes.

A module whose name has a leading underscore is not public. One is imported when it is asked for: a run that asks one
question does not load the parsers of all the others.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import TypeVar

ValueT = TypeVar("ValueT")


class Room(Mapping[str, ValueT]):
    """``load`` gives what a module offers under its id; each is loaded once, in order of file names when all are."""

    def __init__(self, package: str, path: Iterable[str], load: Callable[[str, ModuleType], ValueT]) -> None:
        self._package, self._load = package, load
        names = sorted(found.name for found in pkgutil.iter_modules(path) if not found.name.startswith("_"))
        self._names = {name.replace("_", "-"): name for name in names}
        self._loaded: dict[str, ValueT] = {}

    def __getitem__(self, id: str) -> ValueT:
        if id not in self._loaded:
            self._loaded[id] = self._load(id, importlib.import_module(f"{self._package}.{self._names[id]}"))
        return self._loaded[id]

    def __contains__(self, id: object) -> bool:
        return id in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
