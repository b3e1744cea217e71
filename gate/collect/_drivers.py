"""SQLAlchemy's drivers: which one the gate names in a URL that it has to give."""

from __future__ import annotations

import re
from collections.abc import Iterable

# By kind: those that block, those that an async engine takes.
BLOCKING = {
    "postgresql": ("psycopg2", "psycopg", "pg8000"),
    "mysql": ("pymysql", "mysqldb", "mysqlconnector", "mariadbconnector"),
    "sqlite": ("pysqlite",),
}
ASYNC = {"postgresql": ("asyncpg", "psycopg"), "mysql": ("aiomysql", "asyncmy"), "sqlite": ("aiosqlite",)}
_ASYNC_ENV = re.compile(r"async_engine_from_config|create_async_engine|AsyncEngine|asyncio\.run")


def fitting(kind: str, env: str, wanted: Iterable[str]) -> str:
    """The first wanted one of the sort that the text of env.py uses, else the usual one of that sort."""
    usable = (ASYNC if _ASYNC_ENV.search(env) else BLOCKING)[kind]
    return next((one for one in wanted if one in usable), usable[0])
