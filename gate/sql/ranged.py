"""An UPDATE or MERGE over all rows, written for a range of the table's key: what a batch of it runs.

Parameters of the driver become names of ``sqlalchemy.text``. Nothing is given where ranges would write something else
than the whole statement, or where the statement is not there to be read (a function's body, say).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import postgast
from postgast import PgQueryError
from postgast import pg_query_pb2 as pg
from sqlglot import expressions as exp

from gate.sql._dml import tree_of
from gate.sql._parsed import Dialect
from gate.sql._pg_nodes import conjuncts, nodes_of, relation

_HOLE = "gate_hole_"  # a name that stands for a parameter while the text is a tree
_TOKEN = re.compile(
    r"""(?P<keep>[eE]?'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`[^`]*`|(?P<tag>\$\w*\$).*?(?P=tag)|--[^\n]*|/\*.*?\*/)"""
    r"|%\((?P<named>\w+)\)[sbt]|(?P<hole>%[sbt](?!\w)|(?P<mark>\?)|%%)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Ranged:
    """``sql`` in which the ends of the range and ``parameters`` are to be named by ``marked``."""

    sql: str
    parameters: tuple[str, ...]


def ranged(
    sql: str, dialect: Dialect, table: str, columns: tuple[str, ...], quote: Callable[[str], str]
) -> Ranged | None:
    """The write of ``table`` in ``sql``, for the rows whose key ``columns`` lie between two rows' keys."""
    holes: list[str] = []
    text = _TOKEN.sub(lambda found: _held(found, holes, dialect), sql)
    narrow = _postgresql if dialect == "postgresql" else _plain
    body = narrow(text, dialect, table, lambda name: _condition(quote(name), [*map(quote, columns)]))
    return Ranged(body, tuple(dict.fromkeys(holes))) if body else None


def marked(escaped: str) -> str:
    """Parameters as ``sqlalchemy.text`` knows them; a cast right behind one would be taken for a part of its name."""
    named = re.sub(rf'"?{_HOLE}(\w+)"?(?=::)', r"(:\1)", escaped)
    return re.sub(rf"[`\"]?{_HOLE}(\w+)[`\"]?", r":\1", named)


def _held(found: re.Match[str], holes: list[str], dialect: Dialect) -> str:
    """Only SQLite's driver knows the question mark, the others double the percent sign."""
    if found["keep"] or found[0] == "%%" or bool(found["mark"]) != (dialect == "sqlite"):
        return found[0].replace("%%", "%") if dialect != "sqlite" else found[0]
    holes.append(found["named"] or f"value{len(holes) + 1}")
    return _HOLE + holes[-1]


def _postgresql(text: str, _: Dialect, table: str, condition: Callable[[str], str]) -> str | None:
    try:
        trees = [one.stmt for one in postgast.parse(text).stmts]
    except (PgQueryError, UnicodeError):
        return None
    found = [one for one in trees if relation(_target(one)) == table]
    if len(found) != 1 or not _can_be_parted(found[0], table):
        return None
    tree = pg.ParseResult()
    tree.stmts.add().stmt.CopyFrom(found[0])
    _narrow(tree.stmts[0].stmt, condition(_target(found[0]).alias.aliasname or _target(found[0]).relname))
    return str(postgast.deparse(tree))


def _target(node: pg.Node) -> pg.RangeVar:
    return node.merge_stmt.relation if node.HasField("merge_stmt") else node.update_stmt.relation


def _can_be_parted(node: pg.Node, table: str) -> bool:
    """One write only, and one that reads no other rows of its own table: those would be new ones in later batches."""
    kinds = (pg.UpdateStmt, pg.InsertStmt, pg.DeleteStmt, pg.MergeStmt)
    if sum(1 for kind in kinds for _ in nodes_of(node, kind)) != 1:
        return False
    clauses = [one.merge_when_clause for one in node.merge_stmt.merge_when_clauses]
    matched = all(one.match_kind == pg.MERGE_WHEN_MATCHED for one in clauses)
    return matched and sum(1 for one in nodes_of(node, pg.RangeVar) if relation(one) == table) == 1


def _narrow(node: pg.Node, condition: str) -> None:
    """The same write where a condition holds besides its own."""
    more = postgast.parse(f"SELECT {condition}").stmts[0].stmt.select_stmt.target_list[0].res_target.val
    merging = node.HasField("merge_stmt")
    place = node.merge_stmt.join_condition if merging else node.update_stmt.where_clause
    own = [*conjuncts(place)] if merging or node.update_stmt.HasField("where_clause") else []
    both = pg.Node()
    both.bool_expr.boolop = pg.AND_EXPR
    for one in (*own, *conjuncts(more)):
        both.bool_expr.args.add().CopyFrom(one)
    place.CopyFrom(both)


def _plain(text: str, dialect: Dialect, _: str, condition: Callable[[str], str]) -> str | None:
    """The other dialects' UPDATE."""
    tree, written = tree_of(text, dialect), "sqlite" if dialect == "sqlite" else "mysql"
    target = tree.this if isinstance(tree, exp.Update) else None
    if not isinstance(tree, exp.Update) or not isinstance(target, exp.Table) or tree.args.get("limit"):
        return None
    if [one.name for one in tree.find_all(exp.Table)].count(target.name) != 1:
        return None
    where = condition(target.alias_or_name)
    return tree.where(where, dialect=written, copy=False).sql(dialect=written)


def _condition(name: str, columns: list[str]) -> str:
    """``t.id >= first AND t.id <= last``, or the same of several columns together."""
    key = [f"{name}.{one}" for one in columns]
    if len(key) == 1:
        return f"{key[0]} >= {_HOLE}first AND {key[0]} <= {_HOLE}last"
    low, high = (", ".join(f"{_HOLE}{end}{number}" for number, _ in enumerate(key, 1)) for end in ("first", "last"))
    return f"({', '.join(key)}) >= ({low}) AND ({', '.join(key)}) <= ({high})"
