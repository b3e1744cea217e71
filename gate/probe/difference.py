"""Autogenerate's diff of the database against the models, inside the project's own env.py.

Not ``alembic check``: that dies with IndexError when a hook empties the directives, reads zero runs as clean, and says
"not up to date" for two heads. Here the callback of the environment takes ``target_metadata`` and all options as env.py
gave them, asks ``produce_migrations``, and returns no steps, so nothing runs.
"""

import re

_OBJECT = re.compile(r"<([\w.]+)(?: object)? at 0x[0-9a-fA-F]+[^<>]*>")
MOST = 2000  # operations that are told one by one


def compare(config, script, run_environment, imports):
    """Operations as rows and as code; counts runs of ``run_migrations`` and tables of the metadata."""
    import importlib

    found = {"operations": [], "code": [], "runs": 0, "metadata_tables": 0, "no_metadata": 0}
    for name in imports:
        importlib.import_module(name)

    def look(rev, context):
        found["runs"] += 1
        metadata = context.opts.get("target_metadata")
        every = metadata if isinstance(metadata, (list, tuple)) else [metadata]
        every = [one for one in every if one is not None]
        if not every:
            found["no_metadata"] += 1
            return []
        found["metadata_tables"] += sum(len(one.tables) for one in every)
        _one(context, metadata, found)
        return []

    run_environment(look)
    found["code"] = "\n".join(found["code"])
    return found


def _one(context, metadata, found):
    from alembic.autogenerate import produce_migrations

    script = produce_migrations(context, metadata)
    operations = list(_flat(script.upgrade_ops.ops if script.upgrade_ops else []))
    rows = [_row(one) for one in operations[:MOST]]
    for one in operations:
        _name(context, one)
    for row, one in zip(rows, operations):
        row["code"] = _render(context, _alone(one), [one])
    found["operations"] += rows
    if operations:
        found["code"].append(_render(context, script.upgrade_ops, operations))


def _flat(operations):
    for one in operations:
        inner = getattr(one, "ops", None)
        if inner is None:
            yield one
        else:
            for each in _flat(inner):
                yield each


def _row(operation):
    """One operation as a row: kind, table, object, and Alembic's own tuple as text."""
    name = type(operation).__name__
    kind = "".join("_" + c.lower() if c.isupper() else c for c in name).strip("_")
    if kind.endswith("_op"):
        kind = kind[:-3]
    column = getattr(operation, "column_name", None)
    if column is None and hasattr(operation, "column"):
        column = getattr(operation.column, "name", None)
    thing = getattr(operation, "index_name", None) or getattr(operation, "constraint_name", None)
    try:
        detail = _readable(repr(operation.to_diff_tuple()), operation)[:1000]
    except Exception:
        detail = name
    return {"kind": kind, "table": _text(getattr(operation, "table_name", None) or getattr(operation, "source_table", None)),
            "schema": _text(getattr(operation, "schema", None)), "column": _text(column), "object": _text(thing),
            "detail": detail, "changes": _changes(operation)}  # fmt: skip


def _readable(text, operation):
    """An index on an expression by its SQL: an object's address says nothing and is another one in each run."""
    index = getattr(operation, "_reverse", None) or operation
    columns = getattr(operation, "columns", None) or getattr(index, "columns", None) or ()
    expressions = [str(getattr(one, "text", one)) for one in columns if not isinstance(one, str)]
    said = iter(expressions)
    return _OBJECT.sub(lambda found: next(said, "<%s>" % found.group(1)), text)


def _changes(operation):
    """What an alter_column would change: type, nullable, default, comment."""
    if type(operation).__name__ != "AlterColumnOp":
        return []
    given = []
    if getattr(operation, "modify_type", None) is not None:
        given.append("type")
    if getattr(operation, "modify_nullable", None) is not None:
        given.append("nullable")
    if getattr(operation, "modify_server_default", False) is not False:
        given.append("server_default")
    if getattr(operation, "modify_comment", False) is not False:
        given.append("comment")
    return given


def _text(value):
    return None if value is None else str(value)


# What SQLite alters only by making the table anew; the rest it does in place.
_IN_BATCH = ("AlterColumnOp", "CreateForeignKeyOp", "CreateUniqueConstraintOp", "DropConstraintOp")


def _as_batch(context, operations):
    if context.opts.get("render_as_batch"):
        return True
    return context.dialect.name == "sqlite" and any(type(one).__name__ in _IN_BATCH for one in operations)


def _name(context, operation):
    """Batch mode refuses a new constraint without a name, and knows it by that name later on."""
    prefix = {"CreateForeignKeyOp": "fk", "CreateUniqueConstraintOp": "uq"}.get(type(operation).__name__)
    if prefix and operation.constraint_name is None and _as_batch(context, [operation]):
        table = getattr(operation, "source_table", None) or operation.table_name
        columns = getattr(operation, "local_cols", None) or operation.columns
        operation.constraint_name = "_".join([prefix, str(table)] + [str(one) for one in columns])


def _alone(operation):
    """One operation as a whole upgrade; batch mode wants it inside of its table's."""
    from alembic.operations import ops

    table = getattr(operation, "table_name", None) or getattr(operation, "source_table", None)
    if table is None or type(operation).__name__ in ("CreateTableOp", "DropTableOp"):
        return ops.UpgradeOps(ops=[operation])
    schema = getattr(operation, "schema", None) or getattr(operation, "source_schema", None)
    return ops.UpgradeOps(ops=[ops.ModifyTableOps(table, [operation], schema=schema)])


def _render(context, upgrade, operations):
    """The upgrade as Alembic would write it (its public ``render_python_code``).

    The context is a bare one of the same dialect: one with scripts would ask for the metadata a second time.
    """
    from alembic.autogenerate import render_python_code
    from alembic.runtime.migration import MigrationContext

    bare = MigrationContext.configure(dialect=context.dialect)
    try:
        code = render_python_code(
            upgrade, migration_context=bare, render_as_batch=_as_batch(context, operations),
            sqlalchemy_module_prefix=context.opts.get("sqlalchemy_module_prefix") or "sa.",
            alembic_module_prefix=context.opts.get("alembic_module_prefix") or "op.",
            render_item=context.opts.get("render_item"), user_module_prefix=context.opts.get("user_module_prefix"))  # fmt: skip
    except Exception as error:
        return "# could not be rendered: %s" % error
    lines = [line[4:] if line.startswith("    ") else line for line in code.splitlines()]
    return "\n".join(line for line in lines if not line.startswith("# ###")).strip()
