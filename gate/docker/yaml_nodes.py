"""YAML with the line of every value, within bounds: aliases are counted as often as they are used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from gate.docker.errors import BuildError

MOST_NODES = 50_000
DEEPEST = 60
LARGEST = 2_000_000


@dataclass(frozen=True)
class Value:
    """One value: a mapping of names to values, a list, or a text (None for null).

    ``tag`` is a local tag such as ``!reset``.
    """

    data: dict[str, Value] | list[Value] | str | None
    path: str
    line: int
    tag: str = ""

    def get(self, *names: str) -> Value:
        """The value below these names; an empty value where there is none."""
        found = self
        for name in names:
            found = (
                found.data.get(name, Value(None, self.path, found.line))
                if isinstance(found.data, dict)
                else Value(None, self.path, found.line)
            )
        return found

    @property
    def items(self) -> dict[str, Value]:
        """Names and values of a mapping, empty for anything else."""
        return self.data if isinstance(self.data, dict) else {}

    @property
    def list(self) -> list[Value]:
        """The values of a list, empty for anything else."""
        return self.data if isinstance(self.data, list) else []

    @property
    def text(self) -> str | None:
        """A scalar's text."""
        return self.data if isinstance(self.data, str) else None

    @property
    def plain(self) -> Any:
        """The value without its lines."""
        if isinstance(self.data, dict):
            return {name: value.plain for name, value in self.data.items()}
        return [one.plain for one in self.data] if isinstance(self.data, list) else self.data


def load(text: str, path: str) -> Value:
    """The first document of a YAML text.

    Raises ``BuildError`` with the line for what cannot be read or is too large.
    """
    if len(text) > LARGEST:
        raise BuildError("the file is too large", path, 1)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BuildError(f"the YAML cannot be read: {error.problem or error.context}", path, line) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BuildError(f"the YAML cannot be read: {' '.join(str(error).split())[:200]}", path, 1) from error
    return _Reader(path).value(node, 0) if node is not None else Value(None, path, 1)


class _Reader:
    def __init__(self, path: str) -> None:
        self.path = path
        self.count = 0

    def value(self, node: yaml.Node, depth: int) -> Value:
        line = node.start_mark.line + 1
        self.count += 1
        if self.count > MOST_NODES or depth > DEEPEST:
            raise BuildError("the YAML has too many values or is nested too deeply", self.path, line)
        tag = node.tag if node.tag.startswith("!") else ""
        if isinstance(node, yaml.MappingNode):
            return Value(self._mapping(node, depth), self.path, line, tag)
        if isinstance(node, yaml.SequenceNode):
            return Value([self.value(one, depth + 1) for one in node.value], self.path, line, tag)
        is_null = node.tag == "tag:yaml.org,2002:null"
        return Value(None if is_null else str(node.value), self.path, line, tag)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        for key, item in node.value:
            value = self.value(item, depth + 1)
            if key.tag == "tag:yaml.org,2002:merge":
                for one in reversed(value.list or [value]):
                    merged.update(one.items)
            else:
                found[str(key.value)] = Value(value.data, self.path, key.start_mark.line + 1, value.tag)
        return {**merged, **found}
