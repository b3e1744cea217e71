"""What a table had and its recreated self has not: objects, clauses and options, each with the SQL that brings it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.facts import changes as c
from gate.facts.schema import Column, Constraint, Index, Schema, Table
from gate.rules._dropped import OnPurpose
from gate.rules._says import ident, spoken
from gate.sql.modified import plain_default
from gate.sql.recreated import constraint_key, is_expression, is_unnamed, plain_expression

_TRIGGER = re.compile(
    r"""\btrigger\s+(?:if\s+not\s+exists\s+)?(?:"[^"]*"|`[^`]*`|\[[^\]]*\]|[\w.$]+)\s+(.*)""", re.I | re.S
)
_INDEX = re.compile(r"\bon\b[^(]*\((.*)\)\s*(?:where\b.*)?$", re.IGNORECASE | re.DOTALL)
_COLLATE = re.compile(r"""^\s*["`\[]?(\w+)["`\]]?\s+collate\s+["`\[]?(\w+)""", re.IGNORECASE)
_CONFLICT = re.compile(r"\bON CONFLICT \w+$")


@dataclass(frozen=True)
class Lost:
    """One loss: ``what`` it is, the ``statements`` that make it again, or the ``clause`` that CREATE TABLE needs.

    ``layout`` tells that the rows are only kept in another way: nothing reads or takes another value for it.
    """

    what: str
    statements: tuple[str, ...] = ()
    clause: str = ""
    layout: bool = False


@dataclass(frozen=True)
class Pair:
    """The table before and after, the changes that the recreate amounts to, and the schema in the end."""

    was: Table
    now: Table
    changes: tuple[c.Change, ...]
    schema: Schema
    meant: OnPurpose

    def keeps(self, one: Constraint | Index) -> bool:
        """Whether all its columns are there, and a check's words name none that is gone."""
        gone = {column.name.lower() for column in self.was.columns if self.now.column(column.name) is None}
        words = set(re.findall(r"\w+", one.definition.lower())) if isinstance(one, Constraint) else set()
        return not gone & ({name.lower() for name in one.columns} | words)

    def told(self, kind: type[c.DropNotNull] | type[c.DropDefault], column: str) -> bool:
        """Whether the recreate says so itself, for rules of their own."""
        return any(isinstance(one, kind) and one.column.lower() == column.lower() for one in self.changes)


def lost(pair: Pair) -> Iterator[Lost]:
    """Everything that is gone without a word."""
    yield from _triggers(pair)
    for constraint in pair.was.constraints:
        if pair.keeps(constraint):
            yield from _constraint(pair, constraint)
    for index in pair.was.indexes:
        if not index.name.startswith("sqlite_autoindex_") and pair.keeps(index):
            yield from _index(pair, index)
    for column in pair.was.columns:
        kept = pair.now.column(column.name)
        if kept is not None:
            yield from _column(pair, column, kept)
    yield from _options(pair)


def _options(pair: Pair) -> Iterator[Lost]:
    """Words of the table as a whole. A revision that names the ROWID (in its way back) knows that it goes."""
    for option in ("autoincrement", "strict"):
        if option in pair.was.options.split() and option not in pair.now.options.split():
            yield Lost(option.upper(), clause=option.upper())
    rowid = "without rowid"
    if rowid in pair.was.options and rowid not in pair.now.options and rowid not in pair.meant.text.lower():
        yield Lost(rowid.upper(), clause=rowid.upper(), layout=True)


def _triggers(pair: Pair) -> Iterator[Lost]:
    texts = dict(zip(pair.was.triggers, pair.was.trigger_texts, strict=False))
    made = {
        _event(text) for name, text in zip(pair.now.triggers, pair.now.trigger_texts, strict=False) if name not in texts
    }
    for name in pair.was.triggers:
        if name not in pair.now.triggers and name not in pair.meant.dropped and _event(texts.get(name, "")) not in made:
            yield Lost(f"trigger {name}", _made_by(texts.get(name, "")))


def _event(text: str) -> str | None:
    """When a trigger fires: one of another name that fires then stands for it."""
    found = _TRIGGER.search(text)
    return plain_expression(re.split(r"\b(?:begin|when)\b", found.group(1), flags=re.IGNORECASE)[0]) if found else None


def _constraint(pair: Pair, one: Constraint) -> Iterator[Lost]:
    same = [other for other in pair.now.constraints if constraint_key(other) == constraint_key(one)]
    if same:
        if not pair.meant.constraint(pair.was, one):
            yield from _weaker(one, same)
    elif not _is_replaced(pair, one) and not pair.meant.left_out(pair.was, one):
        unnamed = is_unnamed(pair.was.name, one)
        name = "" if unnamed else f"CONSTRAINT {one.name} "
        kind = "unique constraint" if one.kind == "unique" else one.kind.replace("-", " ")
        what = f"the unnamed {kind} {one.definition}" if unnamed else f"the {kind} {one.name}"
        yield Lost(f"the {one.definition}" if one.kind == "primary-key" else what, clause=name + one.definition)


def _weaker(one: Constraint, same: list[Constraint]) -> Iterator[Lost]:
    """The constraint is there, but not what it does on a conflict or a delete."""
    if one.on_delete and not any(other.on_delete for other in same):
        yield Lost(f"ON DELETE {one.on_delete} of the foreign key on {spoken(one.columns)}", clause=one.definition)
    found = _CONFLICT.search(one.definition)
    if found and one.kind == "unique" and not any(_CONFLICT.search(other.definition) for other in same):
        yield Lost(f"{found.group()} of the unique constraint on {spoken(one.columns)}", clause=one.definition)


def _is_replaced(pair: Pair, one: Constraint) -> bool:
    """Whether another key takes its place: a new one of its kind on its columns, a unique index, or no table to point at."""
    if one.kind == "foreign-key" and pair.schema.table(one.references or "") is None:
        return True
    before = {constraint_key(other) for other in pair.was.constraints}
    fresh = [other for other in pair.now.constraints if other.kind == one.kind and constraint_key(other) not in before]
    if any(one.kind == "primary-key" or _touched(pair, one) & _touched(pair, other) for other in fresh):
        return True
    return one.kind == "unique" and any(
        index.unique and not index.predicate and set(index.columns) == set(one.columns) for index in pair.now.indexes
    )


def _touched(pair: Pair, one: Constraint) -> set[str]:
    """The columns that a constraint lists or names."""
    words = set(re.findall(r"\w+", one.definition.lower())) if one.kind == "check" else set()
    return {name.lower() for name in one.columns} | (words & {column.name.lower() for column in pair.was.columns})


def _index(pair: Pair, index: Index) -> Iterator[Lost]:
    if pair.meant.index(index.name):
        return
    back = pair.now.index(index.name)
    if back is not None:
        yield from (Lost(f"{what} of index {index.name}", _again(index)) for what in _weakened(pair, index, back))
    elif not any(_stands_for(pair, index, other) for other in pair.now.indexes):
        yield Lost(f"{'expression ' if is_expression(index) else ''}index {index.name}", _made_by(index.definition))


def _again(index: Index) -> tuple[str, ...]:
    made = _made_by(index.definition)
    return (f"DROP INDEX {ident(index.name)}", *made) if made else ()


def _made_by(text: str) -> tuple[str, ...]:
    """The catalogue's own statement, where it has one."""
    return (text,) if text else ()


def _weakened(pair: Pair, index: Index, back: Index) -> Iterator[str]:
    """What an index of the same name has lost."""
    if index.unique and not back.unique:
        yield "UNIQUE"
    for column, collation in _collations(index).items():
        kept = pair.now.column(column)
        own = (kept.collation or "binary") if kept else "binary"
        if _collations(back).get(column, own).lower() != collation.lower():
            yield f"COLLATE {collation}"
    if index.predicate and not back.predicate:
        yield "the WHERE"


def _stands_for(pair: Pair, index: Index, other: Index) -> bool:
    """Whether an index of another name does what one that is gone did."""
    if _body(index) == _body(other) and other.unique >= index.unique:
        return True
    fresh = pair.was.index(other.name) is None
    if index.unique:
        return fresh and other.unique and bool({*index.columns} & {*other.columns})
    plain = bool(index.columns) and not index.predicate and not other.predicate and not is_expression(index)
    return plain and other.columns[: len(index.columns)] == index.columns


def _body(index: Index) -> tuple[str, ...]:
    """What an index is over: its text where there is one (a key has none), without names and quotes."""
    found = _INDEX.search(index.definition)
    terms = plain_expression(found.group(1)) if found else ",".join(index.columns).lower()
    return terms, plain_expression(index.predicate)


def _collations(index: Index) -> dict[str, str]:
    found = _INDEX.search(index.definition)
    terms = (_COLLATE.match(term) for term in (found.group(1) if found else "").split(","))
    return {term.group(1).lower(): term.group(2) for term in terms if term}


def _column(pair: Pair, was: Column, now: Column) -> Iterator[Lost]:
    keys = {
        name.lower()
        for table in (pair.was, pair.now)
        for key in table.constraints
        if key.kind == "primary-key"
        for name in key.columns
    }
    if was.collation and not now.collation:
        yield Lost(f"COLLATE {was.collation} of {was.name}", clause=f"{was.name} {was.type} COLLATE {was.collation}")
    if was.generated and not now.generated:
        yield Lost(f"the expression of {was.name}", clause=f"{was.name} {was.type} GENERATED ALWAYS AS (...)")
    quiet = was.name.lower() not in keys and now.nullable and not was.nullable
    if quiet and not pair.told(c.DropNotNull, was.name):
        yield Lost(f"NOT NULL of {was.name}", clause=f"{was.name} {was.type} NOT NULL")
    if plain_default(was.default) is not None and now.default is None and not pair.told(c.DropDefault, was.name):
        yield Lost(f"DEFAULT {was.default} of {was.name}", clause=f"{was.name} {was.type} DEFAULT {was.default}")
