"""Finds checks, rules and collectors by walking their folders. An id is a file's name with dashes.

There is no list to edit: a module in ``gate/rules`` whose name has no leading underscore is a rule, imported when the
rule is asked for (``gate._room``).
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import gate.checks
import gate.collect
import gate.rules
from gate._room import Room

if TYPE_CHECKING:
    from gate.check import Check
    from gate.rule import Rule


@functools.cache
def rules() -> Mapping[str, Rule]:
    """All rules by id."""
    return Room(gate.rules.__name__, gate.rules.__path__, lambda id, module: dataclasses.replace(module.rule, id=id))


@functools.cache
def checks() -> Mapping[str, Check]:
    """All checks by id."""
    return Room(gate.checks.__name__, gate.checks.__path__, lambda id, module: dataclasses.replace(module.check, id=id))


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
    every = _collectors()
    for id in sorted(every, key=lambda one: one not in likely):
        if fact in every[id]:
            return every[id][fact]
    raise LookupError(f"nobody collects {fact.__name__}")


@functools.cache
def _collectors() -> Mapping[str, Mapping[type, Callable[..., Any]]]:
    """Collectors by module, each with the fact that it returns."""
    return Room(gate.collect.__name__, gate.collect.__path__, lambda _, module: _collecting(module))


def _collecting(module: ModuleType) -> Mapping[type, Callable[..., Any]]:
    mine = (one for name, one in vars(module).items() if name.startswith("collect") and callable(one))
    return {typing.get_type_hints(one)["return"]: one for one in mine if one.__module__ == module.__name__}


def needs(function: Callable[..., Any]) -> Mapping[str, type]:
    """The facts that a check or a collector asks for: parameter name to type."""
    hints = typing.get_type_hints(function)
    return {name: hint for name, hint in hints.items() if name != "return"}
