"""A project's session on PostgreSQL, observed as the probe observes it, with the gate's catalogue beside it."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest

import gate.probe
from gate import sql
from gate.collect._catalogue import Catalogue
from gate.collect._held import Held
from gate.databases import _watching_postgresql
from gate.databases.base import ScratchServer, open_server
from gate.errors import ServerUnavailable

# The name under which the probe's modules know each other in the project's process.
sys.modules.setdefault("alembic_gate_probe", gate.probe)
Observer = importlib.import_module("gate.probe.observe_postgresql").Observer

BEFORE = """
CREATE TABLE users (id int PRIMARY KEY, email text, n int CONSTRAINT n_small CHECK (n < 10));
CREATE TABLE orders (id int PRIMARY KEY, user_id int CONSTRAINT orders_user REFERENCES users, note text);
CREATE TABLE parted (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE family (id int); CREATE TABLE child (c int) INHERITS (family);
CREATE VIEW known AS SELECT id, email FROM users; CREATE INDEX orders_note ON orders (note);
CREATE TYPE mood AS ENUM ('ok'); CREATE SCHEMA other; CREATE SEQUENCE tickets;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION widen() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER TABLE orders ADD COLUMN wide int; END';
"""


@contextmanager
def postgresql(version: str, folder: Path) -> Iterator[ScratchServer]:
    """A server of this version; the test is skipped where there is none."""
    try:
        opened = open_server("postgresql", version, None, cache_dir=folder, workdir=folder, progress=lambda _: None)
    except ServerUnavailable as error:
        pytest.skip(str(error))
    with opened as server:
        yield server


class Session:
    """One connection of the project's."""

    def __init__(self, database: Any, queries: dict[str, str] | None = None) -> None:
        parts = database.parts
        self.connection = psycopg2.connect(
            host=parts["host"],
            port=parts["port"],
            user=parts["user"],
            password=parts["password"],
            dbname=parts["database"],
        )
        self.proxy = SimpleNamespace(  # as SQLAlchemy's pool hands it out
            dbapi_connection=self.connection, driver_connection=self.connection, cursor=self.connection.cursor
        )
        self.observer = Observer(lambda _, oids: database.execute(_watching_postgresql.COMMITTED, (oids,)))
        watching = dataclasses.asdict(database.watching())
        self.observer.told({**watching, "queries": queries or watching["queries"]})
        self.catalogue = Catalogue(database)
        self.held = Held()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def run(self, statement: str) -> dict[str, Any]:
        """One statement and what was seen of it."""
        with self.connection.cursor() as cursor:
            self.observer.before(self.proxy, cursor, statement, None, False)
            cursor.execute(statement)
            told = self.observer.after(self.proxy, cursor, statement, None, False)
        self.observer.finish(self.proxy)
        seen = dict(self.held.completed(told))
        parsed = sql.parse(statement, "postgresql")
        self.catalogue.refresh(parsed.changes, parsed.understood, seen, self.ask)
        return seen

    def fail(self, statement: str) -> dict[str, Any]:
        """One statement that the server refuses, and what was seen of it."""
        with self.connection.cursor() as cursor:
            self.observer.before(self.proxy, cursor, statement, None, False)
            with pytest.raises(psycopg2.Error):
                cursor.execute(statement)
            return dict(self.observer.failed(self.proxy))
