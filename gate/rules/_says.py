"""Words that several rules say: names quoted for SQL and for Python, who is blocked, and for how long."""

from __future__ import annotations

import hashlib
import re

from gate.rules._reserved import RESERVED

BLOCKS_ALL = "reads and writes"
BLOCKS_WRITES = "writes"
_LONGEST = 63  # https://www.postgresql.org/docs/current/sql-syntax-lexical.html: NAMEDATALEN - 1, in bytes
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")  # as SQLAlchemy's text() finds them


def ident(name: str) -> str:
    """A possibly qualified name quoted for PostgreSQL, SQLite and MariaDB in ANSI mode, only where it must be."""
    return ".".join(part if _is_plain(part) else '"' + part.replace('"', '""') + '"' for part in name.split("."))


def _is_plain(part: str) -> bool:
    """Taken by every server for itself: folded to no other case, and no word of the grammar. ``...`` is a gap to fill."""
    return not part or (part.isidentifier() and part.islower() and part.isascii() and part not in RESERVED)


def fitting(name: str) -> str:
    """A name of our own making that every server takes: PostgreSQL's longest is the shortest, and SQLAlchemy asks first."""
    written = name.encode()
    if len(written) <= _LONGEST:
        return name
    return f"{written[: _LONGEST - 9].decode(errors='ignore')}_{hashlib.sha256(written).hexdigest()[:8]}"


def ticked(name: str) -> str:
    """A possibly qualified name quoted for MySQL and MariaDB as they are, where double quotes make a text."""
    return ".".join(part if _is_plain(part) else "`" + part.replace("`", "``") + "`" for part in name.split("."))


def quoted(dialect: str, name: str) -> str:
    """A possibly qualified name in a statement that is to run on this server, however its session reads quotes."""
    return ticked(name) if dialect in ("mysql", "mariadb") else ident(name)


def python(name: str) -> str:
    """A name as a Python string literal with double quotes."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def text(sql: str) -> str:
    """SQL as it stands inside a Python string with double quotes, where a colon before a word is a parameter."""
    return python(_PARAMETER.sub(r"\\:", sql))[1:-1]


def execute(sql: str) -> str:
    """A revision's line that runs SQL as it is."""
    return f'op.execute("{text(sql)}")'


def target(table: str) -> str:
    """The first arguments of an ``op`` call: the table's name, and its schema where it has one."""
    schema, _, bare = table.rpartition(".")
    return python(bare) + (f", schema={python(schema)}" if schema else "")


def bare(table: str) -> str:
    """A table's name without its schema."""
    return table.rpartition(".")[2]


def schema_argument(table: str) -> str:
    """``, schema="x"`` for a table outside the default schema."""
    schema = table.rpartition(".")[0]
    return f", schema={python(schema)}" if schema else ""


def listed(names: tuple[str, ...]) -> str:
    """Names as a Python list literal."""
    return "[" + ", ".join(map(python, names)) + "]"


def spoken(names: tuple[str, ...]) -> str:
    """Names as prose: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
