"""Finds checks, rules and collectors by walking their folders. An id is a file's name with dashes.

There is no list to edit: a module in ``gate/rules`` whose name has no leading underscore is a rule. A module is imported
when its rule, check or fact is asked for: a run that asks one question does not load the parsers of all the others.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import itertools
import pkgutil
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import gate.checks
import gate.collect
import gate.rules

if TYPE_CHECKING:
    from gate.check import Check
    from gate.rule import Rule

ValueT = TypeVar("ValueT")


class Room(Mapping[str, ValueT]):
    """What the public modules of a folder offer, by id, in order of file names. Each is loaded at the first asking."""

    def __init__(self, package: ModuleType, load: Callable[[str, ModuleType], ValueT]) -> None:
        self._package, self._load = package.__name__, load
        self._names = {name.replace("_", "-"): name for name in _public(package)}
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


def _public(package: ModuleType) -> list[str]:
    return sorted(found.name for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("_"))


@functools.cache
def rules() -> Mapping[str, Rule]:
    """All rules by id."""
    return Room(gate.rules, lambda id, module: dataclasses.replace(module.rule, id=id))


@functools.cache
def checks() -> Mapping[str, Check]:
    """All checks by id."""
    return Room(gate.checks, lambda id, module: dataclasses.replace(module.check, id=id))


class Answering(Mapping[str, str]):
    """The check that answers for each id of a rule or a check; a rule is loaded when it is asked about."""

    def __getitem__(self, id: str) -> str:
        return id if id in checks() else rules()[id].reports_to

    def __contains__(self, id: object) -> bool:
        return id in checks() or id in rules()

    def __iter__(self) -> Iterator[str]:
        return itertools.chain(rules(), checks())

    def __len__(self) -> int:
        return len(rules()) + len(checks())


@functools.cache
def collector(fact: type) -> Callable[..., Any]:
    """The public ``collect*`` function of ``gate/collect`` that returns this fact.

    The modules named like the fact or like the file that defines it are looked into first, the others only in need.
    Raises LookupError when nobody collects it.
    """
    words = re.sub(r"(?<!^)(?=[A-Z])", "-", fact.__name__).lower()
    likely = (words, fact.__module__.rpartition(".")[2].replace("_", "-"))
    every = Room(gate.collect, lambda _, module: _collectors(module))
    for id in sorted(every, key=lambda one: one not in likely):
        if fact in every[id]:
            return every[id][fact]
    raise LookupError(f"nobody collects {fact.__name__}")


def _collectors(module: ModuleType) -> Mapping[type, Callable[..., Any]]:
    mine = (one for name, one in vars(module).items() if name.startswith("collect") and callable(one))
    return {typing.get_type_hints(one)["return"]: one for one in mine if one.__module__ == module.__name__}


def needs(function: Callable[..., Any]) -> Mapping[str, type]:
    """The facts that a check or a collector asks for: parameter name to type."""
    hints = typing.get_type_hints(function)
    return {name: hint for name, hint in hints.items() if name != "return"}
