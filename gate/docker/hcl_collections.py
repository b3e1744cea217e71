"""HCL's expressions over collections: ``[for x in list : …]``, ``{for k, v in map : … => …}`` and ``list[*].name``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from gate.docker.errors import UnknownError
from gate.docker.hcl_functions import shown


class Scope(Protocol):
    """What a `for` needs of a scope: names for its rows, and a bound on all rows of one file."""

    def row(self, values: dict[str, Any]) -> Any:
        """The scope of one row."""


Expression = Callable[[Any], Any]


@dataclass(frozen=True)
class For:
    """One ``for`` expression. ``names`` are value, or key and value; ``key`` is None where it makes a list."""

    names: tuple[str, ...]
    over: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None = None
    grouped: bool = False

    def __call__(self, scope: Scope) -> Any:
        """The list or object that it makes."""
        if self.key is None:
            return [self.value(row) for row in self._rows(scope)]
        found: dict[str, Any] = {}
        for row in self._rows(scope):
            name, value = shown(self.key(row)), self.value(row)
            found[name] = [*found.get(name, []), value] if self.grouped else value
        return found

    def _rows(self, scope: Scope) -> Iterator[Any]:
        for key, value in _pairs(self.over(scope)):
            row = scope.row(dict(zip(self.names, (key, value)[-len(self.names) :], strict=True)))
            if self.condition is None or self.condition(row):
                yield row


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, dict):
        return sorted(value.items())
    raise UnknownError("what a `for` of the bake file goes over")


def splat(value: Expression, rest: Callable[[Expression], Expression]) -> Expression:
    """``value[*]`` and what follows it, for each item; what is no list counts as a list of one, null as none."""

    def get(scope: Any) -> Any:
        found = value(scope)
        items = found if isinstance(found, list) else [] if found is None else [found]
        return [rest(lambda _, item=item: item)(scope) for item in items]  # type: ignore[misc]  # each lambda its item

    return get
