"""What SQLite did for a statement: tables made anew, objects lost, rows gone in any table, foreign keys on or off.

SQLite keeps its whole catalogue in ``sqlite_master`` and gives a table that is built anew another root page; rows are
counted in every table, because dropping a parent empties its children where foreign keys cascade.
https://www.sqlite.org/schematab.html  https://www.sqlite.org/foreignkeys.html#fk_schemacommands

Runs in the project's own Python (3.8 and later) on the project's own connection; standard library only. Works with
sqlite3 and with SQLAlchemy's adapter of aiosqlite.
"""

import re

_READS = re.compile(r"^\s*(?:SELECT|PRAGMA|EXPLAIN|WITH)\b", re.I)
_SWITCH = re.compile(r"^\s*PRAGMA\s+(?:\w+\s*\.\s*)?foreign_keys\s*[=(]", re.I)
_LEFT_OVER = "_alembic_tmp_"


class Observer:
    """Watches the statements of one connection; nothing is ever replaced."""

    def __init__(self):
        self.was = None
        self.keys = None
        self.roots = {}

    def before(self, dbapi_connection, cursor, statement, parameters, many):
        """Take the picture before. SQLite needs no other statement than the project's own."""
        self.keys = _foreign_keys(dbapi_connection) if _SWITCH.match(statement) else None
        self.was = None if _READS.match(statement) else _picture(dbapi_connection)

    def after(self, dbapi_connection, cursor, statement, parameters=(), many=False):
        """The facts as plain values: rewritten tables, touched rows, objects lost and made, the state of the pragma."""
        if self.keys is not None:
            return {"foreign_keys": self.keys, "foreign_keys_after": _foreign_keys(dbapi_connection)}
        if self.was is None:
            return {}
        was, now = self.was, _picture(dbapi_connection)
        rows = getattr(cursor, "rowcount", -1)
        return {
            "foreign_keys": was["foreign_keys"],
            "in_transaction": was["in_transaction"] or now["in_transaction"],
            "rewrites": self._rebuilt(was, now),
            "touched": _touched(was["rows"], now["rows"]),
            "lost": sorted(set(was["objects"]) - set(now["objects"])),
            "made": sorted(set(now["objects"]) - set(was["objects"])),
            "left_over": [table for table in now["rows"] if table.startswith(_LEFT_OVER)],
            "row_count": rows if isinstance(rows, int) and rows >= 0 else None,
        }

    def _rebuilt(self, was, now):
        """Tables that stand on another root page than when they were last seen, however many statements ago."""
        for name, root in was["roots"].items():
            self.roots.setdefault(name, root)
        rebuilt = sorted(name for name, root in now["roots"].items() if self.roots.get(name, root) != root)
        self.roots.update(now["roots"])
        return rebuilt


def _picture(connection):
    master = _ask(connection, "SELECT type, name, tbl_name, rootpage FROM sqlite_master")
    tables = [row[1] for row in master if row[0] == "table" and not row[1].startswith("sqlite_")]
    return {
        "foreign_keys": _foreign_keys(connection),
        "in_transaction": _in_transaction(connection),
        "objects": [(row[0], row[1], row[2]) for row in master],
        "roots": dict((row[1], row[3]) for row in master if row[0] == "table"),
        "rows": dict((table, _count(connection, table)) for table in tables),
    }


def _foreign_keys(connection):
    pragma = _ask(connection, "PRAGMA foreign_keys")
    return bool(pragma and pragma[0][0])


def _in_transaction(connection):
    """SQLAlchemy's wrappers keep the driver's own connection one or two levels down."""
    for name in ("driver_connection", "dbapi_connection"):
        inner = getattr(connection, name, None)
        if inner is not None:
            return bool(getattr(inner, "in_transaction", False))
    return bool(getattr(connection, "in_transaction", False))


def _count(connection, table):
    rows = _ask(connection, 'SELECT count(*) FROM "%s"' % table.replace('"', '""'))
    return rows[0][0] if rows else None


def _ask(connection, sql):
    """The rows of a query, none where it is refused: looking must not fail the project's migration."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        return list(cursor.fetchall())
    except Exception:
        return []
    finally:
        cursor.close()


def _touched(was, now):
    """Rows more and fewer, table by table. An UPDATE changes no count: the statement itself tells it."""
    touched = []
    for table in sorted(set(was) & set(now)):
        change = (now[table] or 0) - (was[table] or 0)
        if change:
            touched.append({"table": table, "inserted": max(change, 0), "deleted": max(-change, 0)})
    return touched
