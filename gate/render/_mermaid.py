"""The revision graph as Mermaid: new revisions, heads, and what they hang on.

Labels hold letters, digits and a little punctuation; every other character becomes Mermaid's own entity
(https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters), so no label ends its node.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gate.render._clean import clip, one_line
from gate.render._words import record, records, word

NODES = 24
"""Nodes in a graph that a person still reads."""

_STYLES = (
    "classDef new fill:#dafbe1,stroke:#1a7f37,color:#1a1a1a",
    "classDef head stroke-width:3px",
    "classDef clash fill:#ffebe9,stroke:#cf222e,stroke-width:3px,color:#1a1a1a",
    "classDef base stroke-dasharray:4 3",
)


def graph(section: Any) -> str:
    """The body of a ``mermaid`` block around the new revisions and the heads; empty when there is nothing to draw."""
    nodes = records(record(section).get("nodes"))
    chosen = _chosen(nodes)
    names = {word(node.get("id")): f"r{number}" for number, node in enumerate(chosen)}
    if not names:
        return ""
    heads = sum(1 for node in chosen if node.get("head"))
    lines = ["flowchart LR", *(_node(names[word(node.get("id"))], node, heads) for node in chosen)]
    lines += [f"{names[parent]} --> {names[child]}" for parent, child in _edges(section) if {parent, child} <= {*names}]
    return "\n".join([*lines, *_STYLES])


def left_out(section: Any) -> int:
    """How many revisions of the graph are not drawn."""
    nodes = records(record(section).get("nodes"))
    return len({word(node.get("id")) for node in nodes}) - len(_chosen(nodes))


def _chosen(nodes: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """At most ``NODES``, each id once: heads first in worth, then new ones, then the rest; drawn in their order."""
    unique = list({word(node.get("id")): node for node in nodes}.values())
    worth = sorted(range(len(unique)), key=lambda at: (not unique[at].get("head"), not unique[at].get("new"), -at))
    return [unique[at] for at in sorted(worth[:NODES])]


def _edges(section: Any) -> list[tuple[str, str]]:
    pairs = record(section).get("edges")
    if not isinstance(pairs, (list, tuple)):
        return []
    return [(word(one[0]), word(one[1])) for one in pairs if isinstance(one, (list, tuple)) and len(one) == 2]


def _node(name: str, node: Mapping[str, Any], heads: int) -> str:
    message = one_line(word(node.get("message")))
    label = (_label(clip(word(node.get("id")), 16)) or "?") + (f"<br/>{_label(clip(message, 40))}" if message else "")
    return f'{name}["{label}"]{_style(node, heads)}'


def _style(node: Mapping[str, Any], heads: int) -> str:
    if node.get("head") and heads > 1:
        return ":::clash"
    if node.get("new"):
        return ":::new"
    return ":::head" if node.get("head") else ":::base" if node.get("base") else ""


def _label(raw: str) -> str:
    return re.sub(r"[^\w .,()'/-]", lambda found: f"#{ord(found[0])};", one_line(raw), flags=re.UNICODE)
