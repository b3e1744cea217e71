"""A revision that uses the application's mapped classes, which change after it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gate.facts.history import Revision
from gate.facts.rehearsal import Deploy
from gate.model import Category, Location, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._source import Function, calls, parsed, upgrade_with_helpers

# Modules of other people's packages, which a release pins; what is left is the project's own.
_FOREIGN = frozenset(
    {"alembic", "sqlalchemy", "sqlmodel", "geoalchemy2", "sqlalchemy_utils", "pgvector", "citext", "flask"}
    | {"flask_sqlalchemy", "advanced_alchemy", "fastapi_users_db_sqlalchemy", "sqlalchemy_json", "django", "pydantic"}
)
_PLACES = frozenset(
    {"models", "model", "entities", "entity", "orm", "schema", "schemas", "tables", "domain", "db", "database"}
)
_QUERIES = frozenset(
    {
        "select",
        "query",
        "update",
        "insert",
        "delete",
        "get",
        "add",
        "add_all",
        "bulk_insert",
        "bulk_save_objects",
        "bulk_insert_mappings",
        "bulk_update_mappings",
        "merge",
        "scalars",
        "create",
        "drop",
        "create_all",
    }
)
# What a table or a metadata does itself, or a statement that is made of it.
_OF_ITS_OWN = frozenset({"create", "drop", "create_all", "drop_all", "select", "insert", "update", "delete"})
_ATTRIBUTES = frozenset({"__table__", "query", "metadata", "__mapper__"})


def find(deploy: Deploy) -> Iterator[Hit]:
    for revision in deploy.revisions:
        text = deploy.sources.get(revision.path, "")
        imported = dict(_imported(text))
        names = (name for function in upgrade_with_helpers(text) for name in _used(function))
        used = next((name for name in names if name in imported), None)
        if used is None:
            continue
        yield _hit(revision, used, imported[used])


def _imported(text: str) -> Iterator[tuple[str, int]]:
    """Names that come from what looks like the project's models, with their lines."""
    tree = parsed(text)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.ImportFrom) and _is_models(node.module or "", node.level):
            yield from ((alias.asname or alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (
                (alias.asname or alias.name.partition(".")[0], node.lineno)
                for alias in node.names
                if _is_models(alias.name, 0)
            )


def _is_models(module: str, level: int) -> bool:
    parts = module.split(".")
    return parts[0] not in _FOREIGN and (level > 0 or bool(_PLACES & set(parts)))


def _used(upgrade: Function) -> Iterator[str]:
    """Names that a query, a table or an instance is made of. A custom column type is none of these."""
    for call in calls(upgrade):
        method = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if method in _QUERIES:
            for argument in call.args:
                yield from (name.id for name in ast.walk(argument) if isinstance(name, ast.Name))
        if method in _OF_ITS_OWN and isinstance(call.func, ast.Attribute):
            yield from (name.id for name in ast.walk(call.func.value) if isinstance(name, ast.Name))
    for node in ast.walk(upgrade):
        if isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES:
            yield from (name.id for name in ast.walk(node.value) if isinstance(name, ast.Name))


def _hit(revision: Revision, name: str, line: int) -> Hit:
    return Hit(
        f"This revision uses {name} of the application's models. When the model changes later, an upgrade from before "
        "this revision selects columns that do not exist yet, or fails to import.",
        revision=revision.id,
        location=Location(revision.path, line),
        remedy=remedy(
            "Describe the table inside the revision, as it is at this point.",
            (1, "In upgrade()", 'users = sa.table("...", sa.column("id", sa.Integer), sa.column("...", sa.String))'),
        ),
    )


rule = Rule(
    title="Application models used in a revision",
    why="A revision describes one moment; models describe today.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=EVERY,
    split=("statement",),
    unsafe=(
        Example(
            (
                "from migrations.models import User\n"
                "from sqlalchemy.orm import Session\n"
                "Session(op.get_bind()).query(User).all()",
            )
        ),
    ),
    safe=(Example(('op.add_column("users", sa.Column("a", sa.Integer()))',)),),
)
