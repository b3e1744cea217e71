"""What the application's mapped classes send: SELECT, INSERT, UPDATE and DELETE over every mapped column.

SQLAlchemy names every mapped column in its SELECT and INSERT, which is why a dropped column breaks the release that still
runs (https://docs.sqlalchemy.org/en/20/orm/queryguide/columns.html).
"""


def queries(metadata, dialect):
    """One row per table: its name, schema, and the columns that the models map, in order."""
    rows = []
    for table in metadata.sorted_tables:
        columns = [column.name for column in table.columns if not getattr(column, "system", False)]
        required = [c.name for c in table.columns if not c.nullable and c.server_default is None and not c.primary_key]
        written = [c.name for c in table.columns if getattr(c, "computed", None) is None]
        rows.append(
            {
                "table": table.name,
                "schema": table.schema,
                "columns": columns,
                "required": required,
                "written": written,
                "keys": [c.name for c in table.primary_key.columns],
            }
        )
    return rows
