"""One connection of the project's to PostgreSQL, by whatever driver, below SQLAlchemy's proxies and adapters."""


def is_idle(raw):
    """Does the driver know that no transaction is open? False where it cannot tell."""
    status = getattr(getattr(raw, "info", None), "transaction_status", None)  # psycopg2, psycopg
    if status is not None:
        return status == 0
    asked = getattr(raw, "is_in_transaction", None)  # asyncpg
    if callable(asked):
        return not asked()
    return getattr(raw, "_in_transaction", None) is False  # pg8000


def thinks_it_began(connection, raw):
    """psycopg2 and the adapter of asyncpg miss a COMMIT that is sent as text: from then on each statement is alone."""
    adapter = getattr(connection, "dbapi_connection", None)
    return getattr(raw, "status", None) == 2 or getattr(adapter, "_started", False) is True  # 2 is STATUS_BEGIN


def raw(connection):
    """The driver's own connection below SQLAlchemy's adapters."""
    own = getattr(connection, "driver_connection", None)
    if own is None:
        own = getattr(connection, "dbapi_connection", None) or getattr(connection, "connection", connection)
    return own


def autocommit(connection):
    """Does each statement commit by itself?"""
    adapted = getattr(connection, "dbapi_connection", None) or getattr(connection, "connection", None)
    value = getattr(adapted, "autocommit", None)
    if value is True:
        return True
    level = getattr(adapted, "isolation_level", None)
    return isinstance(level, str) and level.lower() == "autocommit"


def run(connection, sql, parameters=()):
    """The rows of a query of ours; its own cursor, so that the project's keeps what it has."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql, *([parameters] if parameters else ()))
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
    finally:
        cursor.close()


def prepares(connection):
    """Does SQLAlchemy's adapter prepare every text, as that of asyncpg does since 2.0?"""
    adapter = getattr(connection, "dbapi_connection", None)
    return getattr(getattr(adapter, "dbapi", None), "paramstyle", None) == "numeric_dollar"
