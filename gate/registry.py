"""Finds checks, rules and collectors by walking their folders. An id is a file's name with dashes.

There is no list to edit: a module in ``gate/rules`` whose name has no leading underscore is a rule.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
import typing
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import gate.checks
import gate.collect
import gate.rules
from gate.check import Check
from gate.rule import Rule


def modules(package: ModuleType) -> Iterator[tuple[str, ModuleType]]:
    """Every public module of a package with the id that its file name gives."""
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        if not found.name.startswith("_"):
            yield found.name.replace("_", "-"), importlib.import_module(f"{package.__name__}.{found.name}")


@functools.cache
def rules() -> Mapping[str, Rule]:
    """All rules by id."""
    return {id: dataclasses.replace(module.rule, id=id) for id, module in modules(gate.rules)}


@functools.cache
def checks() -> Mapping[str, Check]:
    """All checks by id."""
    return {id: dataclasses.replace(module.check, id=id) for id, module in modules(gate.checks)}


@functools.cache
def collectors() -> Mapping[type, Callable[..., Any]]:
    """Collectors by the fact type that they return: every public ``collect*`` function of ``gate/collect``."""
    found: dict[type, Callable[..., Any]] = {}
    for id, module in modules(gate.collect):
        for name, function in vars(module).items():
            if name.startswith("collect") and callable(function) and function.__module__ == module.__name__:
                fact = typing.get_type_hints(function)["return"]
                if fact in found:
                    raise TypeError(f"two collectors for {fact.__name__}, one of them in {id}")
                found[fact] = function
    return found


def needs(function: Callable[..., Any]) -> Mapping[str, type]:
    """The facts that a check or a collector asks for: parameter name to type."""
    hints = typing.get_type_hints(function)
    return {name: hint for name, hint in hints.items() if name != "return"}
