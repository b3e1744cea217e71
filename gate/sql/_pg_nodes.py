"""Small readings of libpg_query's syntax tree: names, expressions, constants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import postgast
from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg


def qualified(schema: str, name: str) -> str:
    """A name as the facts spell it: the default schema left out."""
    return name if schema in ("", "public") else f"{schema}.{name}"


def relation(node: pg.RangeVar) -> str:
    """The name of a written relation."""
    return qualified(node.schemaname, node.relname)


def dotted(parts: Iterable[pg.Node]) -> str:
    """A name written as a list of strings (``DROP TABLE a.b``)."""
    names = [one.string.sval for one in parts if one.HasField("string")]
    return qualified(names[-2] if len(names) > 1 else "", names[-1]) if names else ""


def object_name(node: pg.Node) -> str:
    """The name behind a drop's or comment's object, whichever way the grammar holds it."""
    kind = node.WhichOneof("node")
    if kind == "list":
        return dotted(node.list.items)
    if kind == "type_name":
        return dotted(node.type_name.names)
    if kind == "string":
        return str(node.string.sval)
    return dotted(node.object_with_args.objname) if kind == "object_with_args" else ""


def text_of(node: pg.Node) -> str:
    """An expression back as SQL text."""
    tree = pg.ParseResult()
    select = tree.stmts.add().stmt.select_stmt
    select.limit_option = pg.LIMIT_OPTION_DEFAULT
    select.op = pg.SETOP_NONE
    select.target_list.add().res_target.val.CopyFrom(node)
    return str(postgast.deparse(tree)).removeprefix("SELECT ").strip()


def strings(nodes: Iterable[pg.Node]) -> tuple[str, ...]:
    """A list of names."""
    return tuple(one.string.sval for one in nodes)


def walk(node: Message) -> Iterator[Message]:
    """A node and everything below it."""
    yield node
    for field, value in node.ListFields():
        if field.type != field.TYPE_MESSAGE:
            continue
        for child in value if field.is_repeated else (value,):
            yield from walk(child)


def nodes_of(node: Message, kind: type[Any]) -> Iterator[Any]:
    """Everything of one kind below a node, itself included."""
    return (one for one in walk(node) if isinstance(one, kind))


def column_names(node: Message) -> tuple[str, ...]:
    """The columns that an expression reads, unqualified, each once, in order."""
    found = (ref.fields[-1].string.sval for ref in nodes_of(node, pg.ColumnRef) if ref.fields[-1].HasField("string"))
    return tuple(dict.fromkeys(found))


def tables_read(node: Message) -> tuple[str, ...]:
    """The relations that a query names, its own CTE names left out."""
    ctes = {one.ctename for one in nodes_of(node, pg.CommonTableExpr)}
    found = (relation(one) for one in nodes_of(node, pg.RangeVar))
    return tuple(dict.fromkeys(name for name in found if name not in ctes))


def uncast(node: pg.Node) -> pg.Node:
    """An expression without the casts around it."""
    while node.HasField("type_cast"):
        node = node.type_cast.arg
    return node


def is_constant(node: pg.Node) -> bool:
    """A literal, a parameter, or a list of those."""
    node = uncast(node)
    if node.HasField("list"):
        return all(is_constant(one) for one in node.list.items)
    if node.HasField("a_array_expr"):
        return all(is_constant(one) for one in node.a_array_expr.elements)
    return bool(node.HasField("a_const") or node.HasField("param_ref"))


def constant_string(node: pg.Node) -> str | None:
    """The value of a string literal."""
    node = uncast(node)
    return node.a_const.sval.sval if node.HasField("a_const") and node.a_const.HasField("sval") else None


def column_of(node: pg.Node) -> str | None:
    """The column that an expression is, casts aside."""
    node = uncast(node)
    if node.HasField("column_ref") and node.column_ref.fields[-1].HasField("string"):
        return str(node.column_ref.fields[-1].string.sval)
    return None


def conjuncts(node: pg.Node) -> Iterator[pg.Node]:
    """The parts of a condition that must all hold."""
    if node.HasField("bool_expr") and node.bool_expr.boolop == pg.AND_EXPR:
        for one in node.bool_expr.args:
            yield from conjuncts(one)
    else:
        yield node


def operator(node: pg.A_Expr) -> str:
    """The operator of an expression, without its schema."""
    return str(node.name[-1].string.sval) if node.name else ""
