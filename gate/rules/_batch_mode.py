"""The ``op`` call at a line of a revision, written again as SQLite can run it: in batch mode, or without a keyword."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gate.facts.rehearsal import Deploy
from gate.model import Location
from gate.rules._says import python
from gate.rules._source import calls, parsed

# Where each call names its table, by place and by keyword. Batch mode is told the table once, at its beginning.
_TABLE = {
    "add_column": (0, "table_name"),
    "alter_column": (0, "table_name"),
    "drop_column": (0, "table_name"),
    "create_check_constraint": (1, "table_name"),
    "create_foreign_key": (1, "source_table"),
    "create_primary_key": (1, "table_name"),
    "create_unique_constraint": (1, "table_name"),
    "drop_constraint": (1, "table_name"),
}
_PREFIX = {
    "create_check_constraint": "ck",
    "create_foreign_key": "fk",
    "create_primary_key": "pk",
    "create_unique_constraint": "uq",
}
_SCHEMA = ("schema", "source_schema")


@dataclass(frozen=True)
class OpCall:
    """An ``op`` call on a table that it names literally; ``text`` is the revision that it stands in."""

    method: str
    table: str
    node: ast.Call
    text: str

    def batched(self) -> str:
        """The same in batch mode. A constraint without a name gets one: batch mode knows constraints by their names."""
        at, _ = _TABLE[self.method]
        every = [self._name(one) if n == 0 else self._source(one) for n, one in enumerate(self.node.args) if n != at]
        left_out = (_TABLE[self.method][1], *_SCHEMA)
        every += [self._keyword(one) for one in self.node.keywords if one.arg not in left_out]
        schema = "".join(f", schema={self._source(one.value)}" for one in self.node.keywords if one.arg in _SCHEMA)
        unnamed = "  # the foreign key needs a name: sa.ForeignKey(..., name=...)" if self._has_unnamed_key() else ""
        begin = f"with op.batch_alter_table({python(self.table)}{schema}) as batch_op:{unnamed}\n"
        return f"{begin}    batch_op.{self.method}({', '.join(every)})"

    def without(self, *keywords: str) -> str:
        """The same call without these keywords."""
        every = [self._source(one) for one in self.node.args]
        every += [self._keyword(one) for one in self.node.keywords if one.arg not in keywords]
        return f"op.{self.method}({', '.join(every)})"

    def _source(self, node: ast.expr) -> str:
        """As the author wrote it, on one line."""
        written = ast.get_source_segment(self.text, node) or ""
        return written if written and "\n" not in written else ast.unparse(node)

    def _keyword(self, one: ast.keyword) -> str:
        return f"{one.arg}={self._source(one.value)}" if one.arg else f"**{self._source(one.value)}"

    def _name(self, first: ast.expr) -> str:
        prefix = _PREFIX.get(self.method)
        if prefix is None or not (isinstance(first, ast.Constant) and first.value is None):
            return self._source(first)
        lists = [
            one for one in (*self.node.args, *(one.value for one in self.node.keywords)) if isinstance(one, ast.List)
        ]
        columns = [one.value for one in (lists[0].elts if lists else ()) if isinstance(one, ast.Constant)]
        return python("_".join([prefix, self.table, *map(str, columns)]))

    def _has_unnamed_key(self) -> bool:
        keys = (one for one in calls(self.node) if ast.unparse(one.func).rpartition(".")[2] == "ForeignKey")
        return any("name" not in {word.arg for word in one.keywords} for one in keys)


def call_at(deploy: Deploy, place: Location | None) -> OpCall | None:
    """The call that a line belongs to; None where it is no such call, or its table is not written as a text."""
    text = deploy.sources.get(place.path, "") if place else ""
    tree = parsed(text)
    if place is None or tree is None:
        return None
    for node in calls(tree):
        if not node.lineno <= place.line <= (node.end_lineno or node.lineno):
            continue
        method = ast.unparse(node.func).removeprefix("op.")
        table = _table(node, method)
        if method in _TABLE and table is not None:
            return OpCall(method, table, node, text)
    return None


def _table(node: ast.Call, method: str) -> str | None:
    at, keyword = _TABLE.get(method, (0, ""))
    named = [one.value for one in node.keywords if one.arg == keyword]
    told = node.args[at] if len(node.args) > at else next(iter(named), None)
    return told.value if isinstance(told, ast.Constant) and isinstance(told.value, str) else None
