"""What a revision drops from a recreated table on purpose: batch mode issues no statement for it, only its text tells."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Constraint, Table
from gate.rules._source import calls, parsed
from gate.sql.recreated import PREFIX, is_unnamed

_KINDS = {"foreignkey": "foreign-key", "primary": "primary-key", "unique": "unique", "check": "check"}


@dataclass(frozen=True)
class Call:
    """One ``drop_constraint`` or ``drop_index``; ``name`` is None where a variable holds it, ``kind`` where none is given."""

    method: str
    name: str | None
    kind: str | None = None


@dataclass(frozen=True)
class OnPurpose:
    """What one recreate's revision says about what it drops.

    ``carries`` tells that batch mode reflects the table, and with it every constraint that has a name.
    """

    calls: tuple[Call, ...]
    dropped: frozenset[str]
    text: str
    carries: bool

    def index(self, name: str) -> bool:
        """Whether an index (or trigger) of this name is dropped by a statement or a call."""
        named = (one.name for one in self.calls if one.method == "drop_index")
        return name in self.dropped or any(one in (name, None) for one in named)

    def constraint(self, was: Table, one: Constraint) -> bool:
        """Whether a call drops it: by its name, by one that a convention gave it, or by one that cannot be read."""
        unknown = is_unnamed(was.name, one)
        names = {other.name for other in was.constraints if not is_unnamed(was.name, other)}
        return any(
            call.name == one.name or call.name is None or (unknown and call.name not in names)
            for call in self.calls
            if call.method == "drop_constraint" and call.kind in (None, one.kind)
        )

    def left_out(self, was: Table, one: Constraint) -> bool:
        """Whether a constraint that is gone is left out on purpose: dropped, or known to the revision by its name."""
        if self.constraint(was, one):
            return True
        if is_unnamed(was.name, one):
            return False
        return self.carries or re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", self.text) is not None


def on_purpose(deploy: Deploy, revision: str, change: c.RecreateTable) -> OnPurpose:
    """What the revision drops by its statements and by its calls."""
    mine = (one for one in deploy.statements if one.revision == revision)
    gone = (each.name for one in mine for each in one.changes if isinstance(each, (c.DropTrigger, c.DropIndex)))
    known = deploy.revision(revision)
    text = deploy.sources.get(known.path, "") if known else ""
    carries = change.temporary.startswith(PREFIX) and "copy_from" not in text
    return OnPurpose(_calls(text), frozenset(gone), text, carries)


@functools.lru_cache(maxsize=256)
def _calls(text: str) -> tuple[Call, ...]:
    tree = parsed(text)
    up = [one for one in tree.body if getattr(one, "name", "") != "downgrade"] if tree else []
    return tuple(found for one in up for found in _drops(one))


def _drops(node: ast.AST) -> Iterator[Call]:
    for call in calls(node):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("drop_constraint", "drop_index"):
            given = {one.arg: one.value for one in call.keywords}
            first = call.args[0] if call.args else given.get("constraint_name", given.get("index_name"))
            yield Call(call.func.attr, _text(first), _KINDS.get(_text(given.get("type_")) or ""))


def _text(node: ast.expr | None) -> str | None:
    """A string that is written there, also inside ``op.f(...)``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "f" and node.args:
        node = node.args[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
