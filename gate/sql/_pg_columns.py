"""PostgreSQL column and constraint definitions as statements write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from postgast import pg_query_pb2 as pg

from gate.facts.changes import ColumnSpec, ConstraintSpec
from gate.facts.schema import ConstraintKind
from gate.sql._pg_nodes import column_names, dotted, nodes_of, object_name, relation, strings, text_of
from gate.sql._pg_types import is_serial, type_text

KINDS: dict[int, ConstraintKind] = {
    pg.CONSTR_CHECK: "check",
    pg.CONSTR_PRIMARY: "primary-key",
    pg.CONSTR_UNIQUE: "unique",
    pg.CONSTR_EXCLUSION: "exclude",
    pg.CONSTR_FOREIGN: "foreign-key",
    pg.CONSTR_NOTNULL: "not-null",
}
# https://www.postgresql.org/docs/current/catalog-pg-constraint.html, confdeltype
_ON_DELETE = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT", "r": "RESTRICT"}

# Functions that give one value per statement or transaction (provolatile 'i' or 's'). Any other counts as volatile,
# which is what CREATE FUNCTION makes without a word: https://www.postgresql.org/docs/current/xfunc-volatility.html
_STABLE_WORDS = """
now transaction_timestamp statement_timestamp timezone date_trunc date_part extract to_char to_date to_timestamp
to_number make_interval make_date make_timestamp make_timestamptz age current_setting current_schema version
lower upper initcap trim btrim ltrim rtrim concat concat_ws format replace substring substr length md5 encode
decode sha256 digest left right lpad rpad repeat reverse split_part array_fill array_append array_cat
array_to_string string_to_array json_build_object json_build_array jsonb_build_object jsonb_build_array to_json
to_jsonb row_to_json json_object jsonb_object hstore point box int4range int8range numrange tsrange tstzrange
daterange abs ceil floor round trunc power sqrt mod sign greatest least coalesce nullif uuid_nil txid_current
pg_current_xact_id current_user session_user current_database inet_client_addr to_tsvector setweight
st_geomfromtext st_makepoint st_setsrid xmlparse
"""
STABLE = frozenset(_STABLE_WORDS.split())


def column(node: pg.ColumnDef) -> ColumnSpec:
    """A column definition with its inline constraints."""
    kinds = {one.constraint.contype: one.constraint for one in node.constraints}
    default, made = kinds.get(pg.CONSTR_DEFAULT), kinds.get(pg.CONSTR_GENERATED)
    check, foreign = kinds.get(pg.CONSTR_CHECK), kinds.get(pg.CONSTR_FOREIGN)
    serial, identity = is_serial(node.type_name), pg.CONSTR_IDENTITY in kinds
    key = pg.CONSTR_PRIMARY in kinds
    return ColumnSpec(
        name=node.colname,
        type=type_text(node.type_name),
        nullable=not (key or serial or identity or node.is_not_null or pg.CONSTR_NOTNULL in kinds),
        default="nextval" if serial else text_of(default.raw_expr) if default else None,
        generated=_generated(made),
        identity=serial or identity,
        primary_key=key,
        unique=pg.CONSTR_UNIQUE in kinds,
        check=text_of(check.raw_expr) if check else None,
        references=relation(foreign.pktable) if foreign else None,
        collation=dotted(node.coll_clause.collname) or None,
        volatile=serial or identity or bool(default and is_volatile(default.raw_expr)),
    )


def _generated(node: pg.Constraint | None) -> Literal["stored", "virtual"] | None:
    """``generated_kind`` is ``s`` or, from PostgreSQL 18, ``v``; before 18 only STORED can be written."""
    if node is None:
        return None
    return "virtual" if node.generated_kind == "v" else "stored"


def is_volatile(expression: pg.Node) -> bool:
    """Whether a default calls anything that differs by row (or might: functions that we do not know)."""
    return any(call.funcname[-1].string.sval not in STABLE for call in nodes_of(expression, pg.FuncCall))


def constraint(node: pg.Constraint, own: str | None = None) -> ConstraintSpec | None:
    """A constraint; ``own`` is its column where it stands inline. None for what is no constraint (DEFAULT ...)."""
    kind = KINDS.get(node.contype)
    if kind is None:
        return None
    foreign = kind == "foreign-key"
    return ConstraintSpec(
        kind=kind,
        name=node.conname or None,
        columns=_constrained(node, kind) or ((own,) if own else ()),
        expression=text_of(node.raw_expr) if node.HasField("raw_expr") else None,
        references=relation(node.pktable) if foreign else None,
        referenced_columns=strings(node.pk_attrs),
        on_delete=_ON_DELETE.get(node.fk_del_action) if foreign else None,
        not_valid=node.skip_validation,
        using_index=node.indexname or None,
        deferrable=node.deferrable,
        initially_deferred=node.initdeferred,
    )


def _constrained(node: pg.Constraint, kind: ConstraintKind) -> tuple[str, ...]:
    if kind == "foreign-key":
        return strings(node.fk_attrs)
    if kind == "check":
        return column_names(node.raw_expr)
    if kind == "exclude":
        return tuple(one.list.items[0].index_elem.name for one in node.exclusions if one.HasField("list"))
    return strings(node.keys)


def inline_constraints(node: pg.ColumnDef) -> Iterator[ConstraintSpec]:
    """The constraints written inside a column definition, NOT NULL left out."""
    for one in node.constraints:
        made = constraint(one.constraint, node.colname)
        if made and made.kind != "not-null":
            yield made


def table_elements(nodes: Iterable[pg.Node]) -> tuple[tuple[ColumnSpec, ...], tuple[ConstraintSpec, ...]]:
    """The columns and constraints between the parentheses of CREATE TABLE."""
    columns: list[ColumnSpec] = []
    constraints: list[ConstraintSpec] = []
    for one in nodes:
        if one.HasField("column_def"):
            columns.append(column(one.column_def))
            constraints += inline_constraints(one.column_def)
        elif one.HasField("constraint") and (made := constraint(one.constraint)):
            constraints.append(made)
    return tuple(columns), tuple(constraints)


def sources(nodes: Iterable[pg.Node]) -> tuple[str, ...]:
    """The tables named by ``LIKE`` between the parentheses of CREATE TABLE."""
    return tuple(relation(one.table_like_clause.relation) for one in nodes if one.HasField("table_like_clause"))


__all__ = ["column", "constraint", "inline_constraints", "is_volatile", "object_name", "sources", "table_elements"]
