"""Which kind and version of database the deploy is rehearsed on, and why that one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["postgresql", "mysql", "mariadb", "sqlite"]


@dataclass(frozen=True)
class DatabaseChoice:
    """``version`` is what was asked for (``16``, ``10.11``), empty when nobody said. ``url`` is a scratch server's.

    ``driver`` is SQLAlchemy's name of the project's driver where it is known (``psycopg``, ``asyncpg``, ``pymysql``).
    ``why`` says where the choice comes from, for the report. ``certain`` is false for a guess: the probe then learns
    the truth at the first connection.
    """

    kind: Kind
    version: str = ""
    driver: str = ""
    url: str = ""
    why: str = ""
    certain: bool = True
    notes: tuple[str, ...] = ()


def family(kind: str) -> str:
    """SQLAlchemy's name of the dialect: MariaDB is mostly reached, and always spoken to, as MySQL."""
    return "mysql" if kind == "mariadb" else kind
