"""What MySQL and MariaDB really do for an ALTER: the weakest algorithm and lock level that the server accepts.

The server refuses ``ALGORITHM=...``/``LOCK=...`` that it cannot keep (errors 1845 and 1846) or does not know (1800), and
changes nothing then, so asking from the weakest up gives the answer, and the first attempt that is accepted *is* the
change. The original statement is replaced by one that does nothing.
https://mariadb.com/kb/en/innodb-online-ddl-overview/
https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html

Runs in the project's own Python (3.8 and later) on the project's own connection; standard library only. Works with
every driver that gives a DBAPI connection: PyMySQL, mysqlclient, MySQL Connector, MariaDB Connector, and SQLAlchemy's
adapters of aiomysql and asyncmy.
"""

import re

# 1800: an algorithm that the server does not know yet (INSTANT before MySQL 8.0.12 and MariaDB 10.3; seen on MySQL 5.6).
NOT_SUPPORTED = (1845, 1846, 1800)
NOTHING = "DO 0"

# MySQL takes no LOCK beside INSTANT; NOCOPY is MariaDB's; COPY with LOCK=NONE is MariaDB 11.2 and later.
RUNGS = (
    ("INSTANT", None),
    ("NOCOPY", "NONE"),
    ("NOCOPY", "SHARED"),
    ("INPLACE", "NONE"),
    ("INPLACE", "SHARED"),
    ("INPLACE", "EXCLUSIVE"),
    ("COPY", "NONE"),
    ("COPY", "SHARED"),
    ("COPY", "EXCLUSIVE"),
)

_STRING = r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\""
_NOISE = re.compile(r"(%s)|/\*(?!M?!).*?\*/|--[ \t][^\n]*|--$|#[^\n]*" % _STRING, re.S | re.M)
_NAME = r"(?:`(?:[^`]|``)+`|[\w$]+)"
_TABLE = r"(?P<table>%s(?:\s*\.\s*%s)?)" % (_NAME, _NAME)
_ALTER = re.compile(
    r"^\s*ALTER\s+(?:ONLINE\s+)?(?:IGNORE\s+)?TABLE\s+(?:IF\s+EXISTS\s+)?%s\s+(?P<clauses>.+)$" % _TABLE, re.I | re.S
)
_CREATE_INDEX = re.compile(
    r"^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:UNIQUE\s+|FULLTEXT\s+|SPATIAL\s+)?INDEX\s.*?\sON\s+%s\s*\(.+$" % _TABLE,
    re.I | re.S,
)
_DROP_INDEX = re.compile(
    r"^\s*DROP\s+INDEX\s+(?:IF\s+EXISTS\s+)?(?P<index>%s)\s+ON\s+%s\s*$" % (_NAME, _TABLE), re.I | re.S
)
_WISHED = re.compile(r"\b(ALGORITHM|LOCK)\s*=?\s*(DEFAULT|INSTANT|NOCOPY|INPLACE|COPY|NONE|SHARED|EXCLUSIVE)\b", re.I)
# A partition clause, ORDER BY and the tablespace verbs must stand alone or last: no wish may follow them.
_NO_WISH = re.compile(r"\b(PARTITION|PARTITIONING|ORDER\s+BY|(?:DISCARD|IMPORT)\s+TABLESPACE)\b", re.I)
_REBUILDING = re.compile(r"^\s*(?:OPTIMIZE|REPAIR)\s+(?:\w+\s+)?TABLES?\s+%s" % _TABLE, re.I)


class Observer:
    """Watches the statements of one connection. ``before`` may give the statement to run instead."""

    def __init__(self):
        self.state = {}
        self.mariadb = None

    def before(self, dbapi_connection, cursor, statement, parameters, many):
        """Run the statement by way of the ladder where it has one; give what is left to run."""
        self.state = {}
        plain = _plain(statement)
        found = _ALTER.match(plain) or _CREATE_INDEX.match(plain) or _DROP_INDEX.match(plain)
        rebuilding = found or _REBUILDING.match(plain)
        if many or not rebuilding:
            return None
        table = rebuilding.group("table")
        self.state = {"table": _bare(table), "id": _table_id(dbapi_connection, table), "facts": {},
                      "session": _session(dbapi_connection)}  # fmt: skip
        if not found:
            self.state["facts"] = {"row_count": None}  # these answer with rows of their own
        if not found or ";" in _NOISE.sub("", plain) or _is_temporary(dbapi_connection, table):
            return None
        return self._climb(dbapi_connection, plain, found, parameters)

    def after(self, dbapi_connection, cursor, statement, parameters=(), many=False):
        """The facts as plain values: algorithm, lock level, refusals, rewritten tables, rows copied."""
        rows = getattr(cursor, "rowcount", -1)
        if not self.state:
            return {"row_count": rows if isinstance(rows, int) and rows >= 0 else None}
        facts = dict(self.state["facts"])
        if "row_count" not in facts and isinstance(rows, int) and rows >= 0:
            facts["row_count"] = rows
        before, now = self.state["id"], _table_id(dbapi_connection, self.state["table"])
        rebuilt = before is not None and now is not None and before != now
        if "algorithm" not in facts:
            facts.update(_guessed(statement, facts.get("row_count"), rebuilt))
        if rebuilt or facts.get("algorithm") == "COPY":
            facts["rewrites"] = [self.state["table"]]
        facts["rebuild_known"] = before is not None
        facts.update(self.state["session"])
        return facts

    def _climb(self, connection, plain, found, parameters):
        stated = dict((key.upper(), value.upper()) for key, value in _WISHED.findall(_NOISE.sub("", plain)))
        if stated or _NO_WISH.search(_NOISE.sub("", plain)):
            return None
        refusals = []
        for algorithm, lock in RUNGS:
            if algorithm == "NOCOPY" and not self._is_mariadb(connection):
                continue
            answer = _attempt(connection, _wish(plain, found, algorithm, lock), parameters)
            if "error" not in answer:
                if answer["row_count"]:  # another engine copies rows whatever was asked for
                    algorithm, lock = "COPY", "SHARED"
                facts = {"algorithm": algorithm, "lock_level": lock or "NONE", "refusals": refusals}
                facts.update(answer)
                self.state["facts"] = facts
                return NOTHING
            if answer["code"] not in NOT_SUPPORTED:
                break
            refusals.append("ALGORITHM=%s%s: %s" % (algorithm, ", LOCK=%s" % lock if lock else "", answer["error"]))
        self.state["facts"] = {"refusals": refusals}
        return None

    def _is_mariadb(self, connection):
        if self.mariadb is None:
            rows = _ask(connection, "SELECT version()")
            self.mariadb = bool(rows) and "mariadb" in _text(rows[0][0]).lower()
        return self.mariadb


def _plain(statement):
    """The statement without comments around it and without its closing semicolon."""
    text = _NOISE.sub(lambda found: found.group(1) or " ", statement)
    return text.strip().rstrip(";").strip()


def _wish(plain, found, algorithm, lock):
    wish = "ALGORITHM=%s" % algorithm
    if found.re is _CREATE_INDEX:
        return "%s %s%s" % (plain, wish, " LOCK=%s" % lock if lock else "")
    if found.re is _DROP_INDEX:  # MariaDB knows no such clause here: https://mariadb.com/kb/en/drop-index/
        plain = "ALTER TABLE %s DROP INDEX %s" % (found.group("table"), found.group("index"))
    return "%s, %s%s" % (plain, wish, ", LOCK=%s" % lock if lock else "")


def _attempt(connection, sql, parameters):
    cursor = connection.cursor()
    try:
        cursor.execute(sql, parameters)
        rows = getattr(cursor, "rowcount", None)
    except Exception as error:
        return {"error": _text(error.args[-1] if error.args else error), "code": _code(error)}
    finally:
        cursor.close()
    warnings = _ask(connection, "SHOW WARNINGS")
    return {"row_count": rows, "notices": ["%s: %s" % (_text(row[0]), _text(row[2])) for row in warnings]}


def _code(error):
    """The server's error number: PyMySQL and mysqlclient keep it in the arguments, the connectors in ``errno``."""
    for one in (getattr(error, "errno", None), error.args[0] if error.args else None):
        if isinstance(one, int):
            return one
    return None


def _ask(connection, sql):
    """The rows of a query, none where it is refused: a missing privilege must not fail the project's migration."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        return list(cursor.fetchall())
    except Exception:
        return []
    finally:
        cursor.close()


def _session(connection):
    """What the session is set to, by whatever way: the URL, the driver's arguments, a listener, the server."""
    names = ("sql_mode", "foreign_key_checks")
    rows = _ask(connection, "SELECT " + ", ".join("@@SESSION." + name for name in names))
    return dict((name, _text(value)) for name, value in zip(names, rows[0])) if rows else {}


def _text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _parts(table):
    names = re.findall(_NAME, table)
    return [name[1:-1].replace("``", "`") if name.startswith("`") else name for name in names]


def _bare(table):
    return ".".join(_parts(table))


def _table_id(connection, table):
    """InnoDB's number of the table, which changes when the table is built anew. None where it cannot be read.

    The name is spelled as InnoDB keeps it: https://mariadb.com/kb/en/identifier-to-file-name-mapping/
    """
    parts = _parts(table)
    schema = parts[0] if len(parts) > 1 else None
    if schema is None:
        rows = _ask(connection, "SELECT DATABASE()")
        schema = _text(rows[0][0]) if rows and rows[0][0] is not None else ""
    name = "%s/%s" % (_file_name(schema), _file_name(parts[-1]))
    for view in ("INNODB_SYS_TABLES", "INNODB_TABLES"):
        sql = "SELECT TABLE_ID FROM information_schema.%s WHERE NAME = '%s'" % (view, name)
        rows = _ask(connection, sql)
        if rows:
            return int(rows[0][0])
    return None


def _file_name(name):
    return "".join(one if re.match(r"[A-Za-z0-9_]", one) else "@%04x" % ord(one) for one in name)


def _is_temporary(connection, table):
    """A temporary table is nobody else's; it hides a table of the same name."""
    rows = _ask(connection, "SHOW CREATE TABLE " + ".".join("`%s`" % name.replace("`", "``") for name in _parts(table)))
    return bool(rows) and _text(rows[0][1]).upper().startswith("CREATE TEMPORARY")


def _guessed(statement, rows, rebuilt):
    """What affected rows and the table's number tell when the ladder could not be used: rows copied mean COPY."""
    stated = dict((key.upper(), value.upper()) for key, value in _WISHED.findall(_NOISE.sub("", statement)))
    facts = {}
    if stated.get("ALGORITHM", "DEFAULT") != "DEFAULT":
        facts["algorithm"] = stated["ALGORITHM"]
    elif rows:
        facts["algorithm"] = "COPY"
    elif rebuilt:
        facts["algorithm"] = "INPLACE"
    if stated.get("LOCK", "DEFAULT") != "DEFAULT":
        facts["lock_level"] = stated["LOCK"]
    elif facts.get("algorithm") == "COPY":
        facts["lock_level"] = "SHARED"
    return facts
